// What became of a client's commands, so that one sent again is not executed again.
//
// Keyed by the number that a command's id ends in. Outcomes are kept for the last
// `kept` commands; a number at or below the newest forgotten one is stale. Not
// thread-safe; guarded by the sequencer's mutex.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "base/ids.hpp"

namespace mythos::hub {

class Outcomes {
public:
    enum class Verdict : std::uint8_t { execute, repeat, running, stale, conflict, too_many };

    // Asks for leave to execute. `execute`: the command now counts as running, and must be
    // ended by `finish` or `forget`. `repeat`: `reply_of` has the answer.
    Verdict begin(std::uint64_t number, std::uint64_t fingerprint, std::size_t outstanding_max);

    // Remembers the reply; `visible_at` is the position that must be committed before it
    // may be told.
    void finish(std::uint64_t number, std::uint64_t fingerprint, std::string reply, Seq visible_at, std::size_t kept);

    // Drops a running command that was refused before execution: it may be sent again.
    void forget(std::uint64_t number);

    struct Told {
        std::string reply;
        Seq visible_at = 0;
    };
    const Told& reply_of(std::uint64_t number) const { return entries_.at(number).told; }

    // Numbers below this one are stale.
    std::uint64_t forgotten_below() const { return forgotten_below_; }
    void restore_forgotten(std::uint64_t below) { forgotten_below_ = below; }
    // Above every number seen.
    std::uint64_t next_number() const {
        return entries_.empty() ? forgotten_below_ : std::max(forgotten_below_, entries_.rbegin()->first + 1);
    }
    bool empty() const { return entries_.empty() && forgotten_below_ == 0; }

    template <class F>
    void for_each_done(F&& f) const {
        for (const auto& [number, e] : entries_)
            if (e.done) f(number, e.fingerprint, e.told);
    }

private:
    struct Entry {
        std::uint64_t fingerprint = 0;
        bool done = false;
        Told told;
    };
    std::map<std::uint64_t, Entry> entries_;
    std::uint64_t forgotten_below_ = 0;
    std::size_t running_ = 0;
};

}  // namespace mythos::hub
