// The default journal: a bounded window in memory. Commit is immediate, and a
// restart begins a new epoch. Thread-safety as journal.hpp says.
#pragma once

#include "journal/journal.hpp"

namespace mythos::journal {

class MemoryJournal final : public Journal {
public:
    MemoryJournal(std::string epoch, Retention retention);

    const std::string& epoch() const override { return epoch_; }
    Ring& ring() override { return ring_; }
    Seq appended() const override { return ring_.head(); }
    void append(std::vector<Draft> drafts, MonoTime now) override;
    void checkpoint(std::string) override {}
    std::size_t checkpoint_every() const override { return 0; }
    Recovered recover() override { return {}; }
    void refill(std::vector<Draft>, MonoTime) override {}
    void on_commit(std::function<void()> wake) override { wake_ = std::move(wake); }
    void evict(MonoTime now) override { ring_.evict(now); }

private:
    std::string epoch_;
    Ring ring_;
    std::function<void()> wake_;
};

}  // namespace mythos::journal
