// A journal whose commits happen when the test says so, and whose process may crash:
// what was committed and the newest committed checkpoint are handed to the next one.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "journal/journal.hpp"

namespace mythos::hub::test {

class LateJournal final : public journal::Journal {
public:
    // What outlives the process.
    struct Disk {
        std::vector<journal::Recovered::Kept> records;
        std::optional<std::string> checkpoint;
        Seq checkpoint_at = 0;
    };

    explicit LateJournal(Disk& disk, journal::Retention retention = {}, std::size_t checkpoint_every = 0)
        : disk_(disk),
          ring_(retention, disk.records.empty() ? 1 : disk.records.front().seq),
          appended_(disk.records.empty() ? 0 : disk.records.back().seq),
          checkpoint_every_(checkpoint_every) {}

    bool at_once = true;  // commit with the append

    const std::string& epoch() const override { return epoch_; }
    journal::Ring& ring() override { return ring_; }
    Seq appended() const override { return appended_; }

    void append(std::vector<journal::Draft> drafts, MonoTime now) override {
        appended_ += drafts.size();
        pending_.push_back({std::move(drafts), now, std::nullopt});
        if (at_once) commit_all();
    }
    void checkpoint(std::string state) override {
        pending_.push_back({{}, {}, std::move(state)});
        if (at_once) commit_all();
    }
    std::size_t checkpoint_every() const override { return checkpoint_every_; }
    journal::Recovered recover() override { return {disk_.checkpoint, disk_.checkpoint_at, disk_.records}; }
    void refill(std::vector<journal::Draft> drafts, MonoTime now) override {
        ring_.publish(journal::make_entries(epoch_, ring_.head() + 1, now, std::move(drafts)), now);
    }
    void on_commit(std::function<void()> wake) override { wake_ = std::move(wake); }
    void evict(MonoTime now) override { ring_.evict(now); }

    void commit_all() {
        while (!pending_.empty()) commit_one();
    }
    // The oldest batch or checkpoint that waits.
    void commit_one() {
        Pending next = std::move(pending_.front());
        pending_.pop_front();
        if (next.checkpoint) {
            disk_.checkpoint = std::move(next.checkpoint);
            disk_.checkpoint_at = ring_.head();
            return;
        }
        for (std::size_t i = 0; i < next.drafts.size(); ++i)
            disk_.records.push_back({ring_.head() + 1 + i, next.drafts[i].record});
        ring_.publish(journal::make_entries(epoch_, ring_.head() + 1, next.at, std::move(next.drafts)), next.at);
        if (wake_) wake_();
    }

    // Forgets on disk what lies below `first`, as a retention does.
    void cut_disk_below(Seq first) {
        std::erase_if(disk_.records, [&](const auto& kept) { return kept.seq < first; });
    }

private:
    struct Pending {
        std::vector<journal::Draft> drafts;
        MonoTime at;
        std::optional<std::string> checkpoint;
    };

    Disk& disk_;
    std::string epoch_ = "late";
    journal::Ring ring_;
    Seq appended_;
    std::size_t checkpoint_every_;
    std::deque<Pending> pending_;
    std::function<void()> wake_;
};

}  // namespace mythos::hub::test
