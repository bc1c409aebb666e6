#include "journal/memory.hpp"

namespace mythos::journal {

MemoryJournal::MemoryJournal(std::string epoch, Retention retention) : epoch_(std::move(epoch)), ring_(retention) {}

void MemoryJournal::append(std::vector<Draft> drafts, MonoTime now) {
    ring_.publish(make_entries(epoch_, ring_.head() + 1, now, std::move(drafts)), now);
    if (wake_) wake_();
}

}  // namespace mythos::journal
