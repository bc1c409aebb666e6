// What every session was owed, recomputed from the append history alone.
//
// Owed is decided at the entry's own position: an entry is owed to the sessions that
// were open there and that it names, by the player, by a channel that they were
// subscribed to at that position, or as everyone. Shares no code with the hub.
// Immutable after construction.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/history.hpp"

namespace mythos::sim {

struct SessionFacts {
    std::string id;
    std::string player;
    std::string epoch;
    std::uint64_t opened = 0;
    std::uint64_t ended = 0;  // 0: it has not
    std::string end_reason;
    std::vector<std::uint64_t> owed;  // positions, ascending

    bool owes(std::uint64_t seq) const;
    // Positions owed above `after` and below `before`.
    std::vector<std::uint64_t> between(std::uint64_t after, std::uint64_t before) const;
};

class Owed {
public:
    explicit Owed(const History& history);

    const SessionFacts* session(const std::string& id) const;
    const std::map<std::string, SessionFacts>& sessions() const { return sessions_; }
    const Item* item(const std::string& epoch, std::uint64_t seq) const;
    std::uint64_t head(const std::string& epoch) const;

    // Whether the session is owed a later entry of the same target and conflation key.
    bool has_newer_of_its_key(const SessionFacts& session, std::uint64_t seq) const;
    // Those later entries.
    std::vector<std::uint64_t> newer_of_its_key(const SessionFacts& session, std::uint64_t seq) const;

    // Rules of order that the history itself breaks.
    const std::vector<std::string>& faults() const { return faults_; }

private:
    struct Living;
    void read(const Epoch& epoch);
    void control(const Epoch& epoch, const Item& item, std::map<std::string, Living>& living);

    const History& history_;
    std::map<std::string, SessionFacts> sessions_;
    std::vector<std::string> faults_;
};

}  // namespace mythos::sim
