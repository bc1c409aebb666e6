// What became of a client's commands, so that one sent again is not executed again.
//
// Keyed by the number that a command's id ends in. Outcomes are kept for the last
// `kept` commands; a number at or below the newest forgotten one is stale. Not
// thread-safe; guarded by the sequencer's mutex.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"

namespace mythos::hub {

class Outcomes {
public:
    enum class Verdict : std::uint8_t { execute, repeat, running, stale, conflict, too_many };

    // Asks for leave to execute. `execute`: the command now counts as running, and must be
    // ended by `finish` or `forget`. `repeat`: `told` has the answer.
    Verdict begin(std::uint64_t number, std::uint64_t fingerprint, std::size_t outstanding_max);

    // What a client was answered. Most commands are answered with the position that they were given: then the text
    // is made again when it is asked for.
    struct Told {
        Seq visible_at = 0;  // must be committed before it may be told
        Seq made = 0;        // the answer is `{"id": <this>}`, or where it is 0, the whole reply is `text`
        std::unique_ptr<std::string> text;
    };
    void finish(std::uint64_t number, std::uint64_t fingerprint, Told told, std::size_t kept);
    // The same with a copy of `text`, in the memory of an outcome that is forgotten for it where there is one.
    void finish(std::uint64_t number, std::uint64_t fingerprint, Seq visible_at, std::string_view text,
                std::size_t kept);

    // Drops a running command that was refused before execution: it may be sent again.
    void forget(std::uint64_t number);

    const Told& told(std::uint64_t number) const { return find(number)->told; }

    // Numbers below this one are stale.
    std::uint64_t forgotten_below() const { return forgotten_below_; }
    void restore_forgotten(std::uint64_t below) { forgotten_below_ = below; }
    // Above every number seen.
    std::uint64_t next_number() const {
        return first_ == entries_.size() ? forgotten_below_ : std::max(forgotten_below_, entries_.back().number + 1);
    }

    template <class F>
    void for_each_done(F&& f) const {
        for (std::size_t i = first_; i < entries_.size(); ++i)
            if (const Entry& e = entries_[i]; e.done()) f(e.number, e.fingerprint, e.told);
    }

private:
    struct Entry {
        std::uint64_t number = 0;
        std::uint64_t fingerprint = 0;
        Told told;
        bool done() const { return told.made != 0 || told.text != nullptr; }
    };
    using Place = std::vector<Entry>::const_iterator;
    Place lower_bound(std::uint64_t number) const;
    const Entry* find(std::uint64_t number) const;
    Entry& entry_of(std::uint64_t number);
    void drop_first();

    std::vector<Entry> entries_;  // from `first_` on, in the order of their numbers; smaller than a tree
    std::uint32_t first_ = 0;
    std::uint64_t forgotten_below_ = 0;
    std::uint32_t running_ = 0;
};

}  // namespace mythos::hub
