#include "sim/history.hpp"

#include <utility>

namespace mythos::sim {

Epoch& History::begin(const std::string& epoch, int life) {
    auto [it, fresh] = epochs_.try_emplace(epoch);
    if (fresh) {
        it->second.name = epoch;
        it->second.life = life;
    }
    return it->second;
}

const Epoch* History::find(const std::string& epoch) const {
    const auto it = epochs_.find(epoch);
    return it == epochs_.end() ? nullptr : &it->second;
}

void History::append(const std::string& epoch, Item item) {
    auto& items = epochs_.at(epoch).items;
    if (item.seq != items.size() + 1) {
        faults_.push_back("position " + epoch + "-" + std::to_string(item.seq) + " appended, but " +
                          std::to_string(items.size() + 1) + " is the next");
        if (item.seq <= items.size() && item.seq > 0) items[item.seq - 1] = std::move(item);
        return;
    }
    items.push_back(std::move(item));
}

void History::strike_out(const std::string& epoch, std::uint64_t committed) {
    auto& items = epochs_.at(epoch).items;
    if (committed < items.size()) items.resize(committed);
}

}  // namespace mythos::sim
