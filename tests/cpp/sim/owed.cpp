#include "sim/owed.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace mythos::sim {

struct Owed::Living {
    SessionFacts* facts = nullptr;
    std::set<std::pair<Scope, std::string>> subscriptions;

    bool is_owed(const Item& item) const {
        switch (item.scope) {
            case Scope::everyone:
                return true;
            case Scope::player:
                return item.name == facts->player;
            case Scope::channel:
            case Scope::presence:
                return subscriptions.contains({item.scope, item.name});
            case Scope::none:
                return false;
        }
        return false;
    }
};

bool SessionFacts::owes(std::uint64_t seq) const { return std::binary_search(owed.begin(), owed.end(), seq); }

std::vector<std::uint64_t> SessionFacts::between(std::uint64_t after, std::uint64_t before) const {
    const auto from = std::upper_bound(owed.begin(), owed.end(), after);
    const auto to = std::lower_bound(owed.begin(), owed.end(), before);
    return from < to ? std::vector<std::uint64_t>(from, to) : std::vector<std::uint64_t>{};
}

Owed::Owed(const History& history) : history_(history) {
    for (const auto& [name, epoch] : history.epochs()) read(epoch);
}

void Owed::read(const Epoch& epoch) {
    std::map<std::string, Living> living;
    for (const auto& item : epoch.items) {
        if (item.kind != ItemKind::message) {
            control(epoch, item, living);
            continue;
        }
        for (auto& [id, session] : living)
            if (session.is_owed(item)) session.facts->owed.push_back(item.seq);
    }
}

void Owed::control(const Epoch& epoch, const Item& item, std::map<std::string, Living>& living) {
    const std::string where = " at " + epoch.name + "-" + std::to_string(item.seq);
    if (item.kind == ItemKind::session_opened) {
        for (const auto& [id, other] : living)
            if (other.facts->player == item.data)
                faults_.push_back("player " + item.data + " has session " + id + " and opens " + item.session + where);
        auto& facts = sessions_[item.session];
        if (!facts.id.empty()) faults_.push_back("session " + item.session + " opens twice" + where);
        facts = {item.session, item.data, epoch.name, item.seq, 0, {}, {}};
        living[item.session].facts = &facts;
        return;
    }
    const auto it = living.find(item.session);
    if (it == living.end()) {
        faults_.push_back("control entry of session " + item.session + ", which does not live" + where);
        return;
    }
    const std::pair subscription{item.scope, item.name};
    if (item.kind == ItemKind::session_ended) {
        it->second.facts->ended = item.seq;
        it->second.facts->end_reason = item.head;
        living.erase(it);
    } else if (item.kind == ItemKind::subscribed) {
        if (!it->second.subscriptions.insert(subscription).second)
            faults_.push_back("session " + item.session + " subscribes twice to " + item.name + where);
    } else if (it->second.subscriptions.erase(subscription) == 0) {
        faults_.push_back("session " + item.session + " unsubscribes from " + item.name + ", which it does not have" +
                          where);
    }
}

const SessionFacts* Owed::session(const std::string& id) const {
    const auto it = sessions_.find(id);
    return it == sessions_.end() ? nullptr : &it->second;
}

const Item* Owed::item(const std::string& epoch, std::uint64_t seq) const {
    const Epoch* found = history_.find(epoch);
    return found == nullptr ? nullptr : found->at(seq);
}

std::uint64_t Owed::head(const std::string& epoch) const {
    const Epoch* found = history_.find(epoch);
    return found == nullptr ? 0 : found->items.size();
}

std::vector<std::uint64_t> Owed::newer_of_its_key(const SessionFacts& session, std::uint64_t seq) const {
    std::vector<std::uint64_t> newer;
    const Item* old = item(session.epoch, seq);
    if (old == nullptr || old->key.empty()) return newer;
    for (auto it = std::upper_bound(session.owed.begin(), session.owed.end(), seq); it != session.owed.end(); ++it) {
        const Item* other = item(session.epoch, *it);
        if (other->key == old->key && other->scope == old->scope && other->name == old->name) newer.push_back(*it);
    }
    return newer;
}

bool Owed::has_newer_of_its_key(const SessionFacts& session, std::uint64_t seq) const {
    return !newer_of_its_key(session, seq).empty();
}

}  // namespace mythos::sim
