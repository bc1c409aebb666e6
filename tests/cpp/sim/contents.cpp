#include "sim/contents.hpp"

namespace mythos::sim {
namespace {

constexpr std::uint64_t kSeqMax = 1'000'000;  // far beyond any run; keeps a wild id from filling the memory

}  // namespace

void Contents::saw(const std::string& epoch, std::uint64_t seq, std::string_view json) {
    if (seq > kSeqMax) {
        faults_.push_back("an entry with the id " + epoch + "-" + std::to_string(seq));
        return;
    }
    auto& of_epoch = seen_[epoch];
    if (of_epoch.size() <= seq) of_epoch.resize(seq + 1);
    std::string& first = of_epoch[seq];
    if (first.empty())
        first = json;
    else if (first != json)
        faults_.push_back("entry " + epoch + "-" + std::to_string(seq) + " was seen as " + first + " and as " +
                          std::string(json));
}

}  // namespace mythos::sim
