#include "hub/registry.hpp"

#include <algorithm>

namespace mythos::hub {

std::vector<Connection*> Session::connections_by_age() const {
    std::vector<Connection*> out;
    for (const Client& client : clients)
        for (Connection* c : client.wires)
            if (c != nullptr) out.push_back(c);
    std::sort(out.begin(), out.end(), [](const Connection* a, const Connection* b) { return a->key < b->key; });
    return out;
}

void Census::count(const Session& session, int sign) {
    std::size_t n[2] = {0, 0};
    for (const Client& client : session.clients)
        for (std::size_t w = 0; w < 2; ++w) n[w] += client.wires[w] != nullptr;
    const auto add = [sign](std::size_t& sum, std::size_t by) { sum = sign > 0 ? sum + by : sum - by; };
    for (std::size_t w = 0; w < 2; ++w) {
        add(connections[w], n[w]);
        add(players_only[w], n[w] > 0 && n[1 - w] == 0);
    }
    add(players_dual, n[0] > 0 && n[1] > 0);
}

Targets::Targets() { of({journal::TargetKind::everyone, {}}); }

TargetInfo& Targets::of(const journal::Target& target) {
    if (auto* known = find(target)) return *known;
    auto info = std::make_unique<TargetInfo>();
    info->id = next_++;
    info->target = target;
    auto& made = *info;
    by_name_.emplace(&made.target, &made);
    by_id_.emplace(made.id, std::move(info));
    return made;
}

TargetInfo* Targets::find(const journal::Target& target) const {
    const auto it = by_name_.find(&target);
    return it == by_name_.end() ? nullptr : it->second;
}

std::vector<TargetId> Targets::drop_unused(Seq floor) {
    std::vector<TargetId> dropped;
    for (auto it = by_id_.begin(); it != by_id_.end();) {
        const TargetInfo& info = *it->second;
        if (info.open_intervals > 0 || info.last_seq >= floor || info.id == journal::kEveryone) {
            ++it;
            continue;
        }
        dropped.push_back(info.id);
        by_name_.erase(&info.target);
        it = by_id_.erase(it);
    }
    return dropped;
}

void ReplacedSessions::add(std::string session_id, MonoTime now, std::size_t max) {
    ids_.emplace(session_id, true);
    order_.emplace_back(std::move(session_id), now);
    while (order_.size() > max) {
        ids_.erase(order_.front().first);
        order_.pop_front();
    }
}

void ReplacedSessions::sweep(MonoTime now) {
    while (!order_.empty() && now - order_.front().second > seconds(86'400)) {
        ids_.erase(order_.front().first);
        order_.pop_front();
    }
}

}  // namespace mythos::hub
