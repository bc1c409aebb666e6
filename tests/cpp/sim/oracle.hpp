// The oracle: was every client given exactly what it was owed, or told exactly what not?
//
// It believes the append history (history.hpp) and what clients saw (transcript.hpp), and
// nothing else; no line of it is shared with the hub or the client. Each rule that a run
// broke is one sentence. Pure.
#pragma once

#include <string>
#include <vector>

#include "sim/contents.hpp"
#include "sim/history.hpp"
#include "sim/owed.hpp"
#include "sim/transcript.hpp"

namespace mythos::sim {

// What of the server's configuration changes what is owed.
struct Rules {
    bool conflate = false;
    bool caught_up_at_once = false;     // who is welcomed gets all that there is in the same turn
    bool durable = false;               // restarts keep the epoch
    std::uint64_t position_memory = 0;  // positions for which `lost` must be known
    std::uint64_t key_memory = 0;       // positions for which an Idempotency-Key must be known
};

class Oracle {
public:
    Oracle(const History& history, const Contents& contents, Rules rules);

    // Each appends what it finds to `findings`.
    void check_history();
    void check_contents();
    void check_client(const ClientTranscript& client);
    // All publishers together: at most one effect each, and the answers true.
    void check_publishes(const std::vector<PublishTranscript>& publishes);

    const std::vector<std::string>& findings() const { return findings_; }
    const Owed& owed() const { return owed_; }
    // Entries that clients applied, and how many positions they were told as gaps.
    std::uint64_t applied() const { return applied_; }
    std::uint64_t gaps() const { return gaps_; }
    std::uint64_t commands() const { return commands_; }

private:
    friend class StreamCheck;
    friend class WireCheck;
    void check_wire(const ClientTranscript& client, const WireTranscript& wire);
    void check_stream(const ClientTranscript& client);
    void check_commands(const ClientTranscript& client);
    void check_publish_command(const std::string& who, const CommandTranscript& command);
    void check_subscribe(const std::string& who, const ClientTranscript& client, const CommandTranscript& command);
    void check_publish(const PublishTranscript& publish);
    void find(std::string what) { findings_.push_back(std::move(what)); }

    struct Effect {
        std::string epoch;
        std::uint64_t seq;
    };
    const std::vector<Effect>& effects_of(const std::string& marker) const;

    const History& history_;
    const Contents& contents_;
    Rules rules_;
    Owed owed_;
    std::map<std::string, std::vector<Effect>> effects_;  // by marker
    std::vector<std::string> findings_;
    std::uint64_t applied_ = 0;
    std::uint64_t gaps_ = 0;
    std::uint64_t commands_ = 0;
};

// The marker in a message's data, `"m":"…"`; empty where there is none.
std::string marker_of(const std::string& data);

}  // namespace mythos::sim
