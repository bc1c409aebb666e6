#include "sim/accounts.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "sim/wire_reader.hpp"

namespace mythos::sim {
namespace {

using Key = std::pair<std::string, std::string>;  // session, client_id

// What the server wrote on one connection: where its stream begins, which entries, and how many more began and did
// not end.
struct Written {
    std::optional<Position> base;
    std::vector<Position> entries;
    bool cut_short = false;
};

// A client's account by what its connections, in the order of their admission, were written.
struct Account {
    std::uint64_t begun = 0;
    std::uint64_t reached = 0;
    std::set<std::uint64_t> written;
    // Ranges that a later connection began behind, as its client asked: what comes of them on a connection that was
    // on its way is not counted.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> given_up;
};

Written read_all(const AdmittedLink& link) {
    Written out;
    WireReader reader(link.websocket, link.deflate);
    std::string bytes = link.bytes;
    reader.feed(bytes, 0, [&](const Received& received) {
        if (received.kind != Received::Kind::message) return true;
        const auto message = nlohmann::json::parse(received.text, nullptr, false);
        if (!message.is_object()) return true;
        if (const auto type = message.value("type", ""); type == "mythos.welcome" && !out.base)
            out.base = read_position(message["data"]["cursor"].get<std::string>());
        if (const auto id = message.find("id"); id != message.end())
            if (const auto at = read_position(id->get<std::string>())) out.entries.push_back(*at);
        return true;
    });
    out.cut_short = reader.within_message();
    return out;
}

}  // namespace

std::vector<std::string> check_accounts(const Owed& owed, const std::vector<AdmittedLink>& admitted,
                                        const DeliveryCounts& counts) {
    std::uint64_t expected = 0, cut_short = 0, late = 0;
    std::map<Key, Account> accounts;
    for (const auto& link : admitted) {
        const auto* session = owed.session(link.session);
        if (session == nullptr || session->ended == 0) continue;
        const Written seen = read_all(link);
        if (!seen.base || seen.base->epoch != session->epoch) {
            if (!accounts.contains({link.session, link.client_id})) return {};
            continue;
        }
        const auto base = std::max(seen.base->seq, session->opened);
        const auto [at, begins] = accounts.try_emplace({link.session, link.client_id}, Account{base, base, {}, {}});
        Account& account = at->second;
        if (begins) expected += session->between(base, session->ended).size();
        if (base > account.reached) account.given_up.emplace_back(account.reached, base);
        account.reached = std::max(account.reached, base);
        for (const auto& entry : seen.entries) {
            if (entry.seq > account.begun) account.written.insert(entry.seq);
            account.reached = std::max(account.reached, entry.seq);
        }
        cut_short += seen.cut_short;
    }
    std::uint64_t written = 0;
    for (const auto& [client, account] : accounts) {
        written += account.written.size();
        for (const auto& [after, upto] : account.given_up)
            late += static_cast<std::uint64_t>(
                std::distance(account.written.upper_bound(after), account.written.upper_bound(upto)));
    }
    std::vector<std::string> findings;
    const auto sum = counts.written + counts.gap + counts.conflated + counts.unsent;
    const std::string terms = std::to_string(counts.written) + " written + " + std::to_string(counts.gap) + " gap + " +
                              std::to_string(counts.conflated) + " conflated + " + std::to_string(counts.unsent) +
                              " unsent";
    if (sum != expected) findings.push_back("counters: " + terms + " where " + std::to_string(expected) + " were owed");
    // What one wire conflated away the other may bring all the same.
    if (counts.written + counts.conflated + late < written || counts.written > written + cut_short)
        findings.push_back("counters: " + terms + " where " + std::to_string(written) + " entries, " +
                           std::to_string(late) + " of them late, and " + std::to_string(cut_short) +
                           " beginnings were written");
    return findings;
}

}  // namespace mythos::sim
