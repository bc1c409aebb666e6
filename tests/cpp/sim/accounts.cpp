#include "sim/accounts.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace mythos::sim {
namespace {

using Key = std::pair<std::string, std::string>;  // session, client_id

// The text of a member of the welcome, which is the first message of every connection.
std::optional<std::string> member(const std::string& bytes, const std::string& name) {
    const std::string open = "\"" + name + "\":\"";
    const auto at = bytes.find(open);
    const auto end = at == std::string::npos ? at : bytes.find('"', at + open.size());
    if (end == std::string::npos) return std::nullopt;
    return bytes.substr(at + open.size(), end - at - open.size());
}

std::optional<std::uint64_t> base_of(const AdmittedLink& link, const SessionFacts& session) {
    const auto cursor = member(link.first_bytes, "cursor");
    const auto at = cursor ? read_position(*cursor) : std::nullopt;
    if (!at || at->epoch != session.epoch) return std::nullopt;
    return std::max(at->seq, session.opened);
}

}  // namespace

std::vector<std::string> check_accounts(const Owed& owed, const std::vector<AdmittedLink>& admitted,
                                        const DeliveryCounts& counts) {
    std::uint64_t expected = 0;
    std::set<Key> begun;
    for (const auto& link : admitted) {
        const auto* session = owed.session(link.session);
        if (session == nullptr || session->ended == 0 || !begun.insert({link.session, link.client_id}).second) continue;
        const auto base = base_of(link, *session);
        if (!base) return {};
        expected += session->between(*base, session->ended).size();
    }
    std::vector<std::string> findings;
    const auto sum = counts.written + counts.gap + counts.conflated + counts.unsent;
    const std::string terms = std::to_string(counts.written) + " written + " + std::to_string(counts.gap) + " gap + " +
                              std::to_string(counts.conflated) + " conflated + " + std::to_string(counts.unsent) +
                              " unsent";
    if (sum != expected) findings.push_back("counters: " + terms + " where " + std::to_string(expected) + " were owed");
    return findings;
}

}  // namespace mythos::sim
