// Single entries for tests of what reads them.
#pragma once

#include <string>

#include "journal/entry.hpp"

namespace mythos::hub::test {

// An entry that lives as long as this does.
class MadeEntry {
public:
    MadeEntry(Seq seq, journal::TargetId target, std::uint64_t ordinal, std::string key = {}) {
        journal::Draft draft;
        draft.record.head = R"("type":"t")";
        draft.record.data = "{}";
        draft.record.key = std::move(key);
        draft.target = target;
        draft.ordinal = ordinal;
        std::vector<journal::Draft> drafts;
        drafts.push_back(std::move(draft));
        entry_ = journal::make_entries("ep", seq, {}, std::move(drafts)).front();
    }
    ~MadeEntry() { entry_->release(); }
    MadeEntry(const MadeEntry&) = delete;
    MadeEntry& operator=(const MadeEntry&) = delete;

    operator const journal::Entry&() const { return *entry_; }

private:
    journal::Entry* entry_;
};

}  // namespace mythos::hub::test
