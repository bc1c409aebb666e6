// What was appended to the journal, taken down at the journal's seam: the only thing
// from the server that the oracle believes.
//
// Positions that were appended but not committed when the process died are struck
// out again: nobody may have seen them. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mythos::sim {

enum class ItemKind : std::uint8_t { message, session_opened, session_ended, subscribed, unsubscribed };
enum class Scope : std::uint8_t { none, everyone, player, channel, presence };

struct Item {
    std::uint64_t seq = 0;
    ItemKind kind = ItemKind::message;
    Scope scope = Scope::none;
    std::string name;     // player or channel
    std::string session;  // control items: whose
    std::string head;
    std::string data;
    std::string key;
    std::int64_t ts_ns = 0;
    std::string origin;
    int life = 0;  // of the server process
};

// One epoch: positions 1, 2, … without a hole.
struct Epoch {
    std::string name;
    int life = 0;  // the process that began it
    std::vector<Item> items;

    const Item* at(std::uint64_t seq) const { return seq >= 1 && seq <= items.size() ? &items[seq - 1] : nullptr; }
};

class History {
public:
    Epoch& begin(const std::string& epoch, int life);
    const Epoch* find(const std::string& epoch) const;

    // Entered by the recording journal. A position that is taken already, or that leaves
    // a hole, is a fault of the server or its journal, kept in `faults`.
    void append(const std::string& epoch, Item item);

    // The process died: what lies above `committed` never happened.
    void strike_out(const std::string& epoch, std::uint64_t committed);

    const std::map<std::string, Epoch>& epochs() const { return epochs_; }
    const std::vector<std::string>& faults() const { return faults_; }
    void fault(std::string what) { faults_.push_back(std::move(what)); }

private:
    std::map<std::string, Epoch> epochs_;
    std::vector<std::string> faults_;
};

}  // namespace mythos::sim
