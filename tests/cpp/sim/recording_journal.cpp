#include "sim/recording_journal.hpp"

#include <utility>

namespace mythos::sim {
namespace {

ItemKind kind_of(journal::Kind kind) {
    switch (kind) {
        case journal::Kind::message:
            return ItemKind::message;
        case journal::Kind::session_opened:
            return ItemKind::session_opened;
        case journal::Kind::session_ended:
            return ItemKind::session_ended;
        case journal::Kind::subscribed:
            return ItemKind::subscribed;
        case journal::Kind::unsubscribed:
            return ItemKind::unsubscribed;
    }
    return ItemKind::message;
}

Scope scope_of(journal::TargetKind kind) {
    switch (kind) {
        case journal::TargetKind::none:
            return Scope::none;
        case journal::TargetKind::everyone:
            return Scope::everyone;
        case journal::TargetKind::player:
            return Scope::player;
        case journal::TargetKind::channel:
            return Scope::channel;
        case journal::TargetKind::presence:
            return Scope::presence;
    }
    return Scope::none;
}

}  // namespace

RecordingJournal::RecordingJournal(journal::Journal& inner, History& history, int life,
                                   std::function<void(const Item&)> saw)
    : inner_(inner), history_(history), life_(life), saw_(std::move(saw)) {
    history_.begin(inner_.epoch(), life_);
}

void RecordingJournal::append(std::vector<journal::Draft> drafts, MonoTime now) {
    Seq seq = inner_.appended();
    for (const auto& draft : drafts) {
        const auto& r = draft.record;
        Item item{++seq,
                  kind_of(r.kind),
                  scope_of(r.target.kind),
                  r.target.name,
                  r.session_id,
                  r.head,
                  r.data,
                  r.key,
                  r.ts.ns,
                  r.origin,
                  life_};
        history_.append(inner_.epoch(), item);
        saw_(item);
    }
    inner_.append(std::move(drafts), now);
}

}  // namespace mythos::sim
