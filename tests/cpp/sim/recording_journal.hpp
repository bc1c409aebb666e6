// Stands between the hub and its journal and takes down what passes: the append history.
//
// Thread-safety: that of the simulator, one thread. Refers to both for its whole life.
#pragma once

#include <functional>

#include "journal/journal.hpp"
#include "sim/history.hpp"

namespace mythos::sim {

class RecordingJournal final : public journal::Journal {
public:
    // `saw` hears of every appended item after it was entered.
    RecordingJournal(journal::Journal& inner, History& history, int life, std::function<void(const Item&)> saw);

    const std::string& epoch() const override { return inner_.epoch(); }
    journal::Ring& ring() override { return inner_.ring(); }
    void append(std::vector<journal::Draft> drafts, MonoTime now) override;
    Seq appended() const override { return inner_.appended(); }
    void checkpoint(std::string state) override { inner_.checkpoint(std::move(state)); }
    std::size_t checkpoint_every() const override { return inner_.checkpoint_every(); }
    journal::Recovered recover() override { return inner_.recover(); }
    void refill(std::vector<journal::Draft> drafts, MonoTime now) override { inner_.refill(std::move(drafts), now); }
    void on_commit(std::function<void()> wake) override { inner_.on_commit(std::move(wake)); }
    void evict(MonoTime now) override { inner_.evict(now); }

private:
    journal::Journal& inner_;
    History& history_;
    int life_;
    std::function<void(const Item&)> saw_;
};

}  // namespace mythos::sim
