// The oracle on each connection by itself: its stream is complete from its base, or the
// connection says which range is missing. This sees what a merging client would heal.
#include "sim/oracle.hpp"

namespace mythos::sim {

class WireCheck {
public:
    WireCheck(Oracle& oracle, const ClientTranscript& client, const WireTranscript& wire)
        : oracle_(oracle), client_(client), wire_(wire) {}

    void run() {
        for (const auto& event : wire_.events) {
            if (closed_) find("something follows mythos.closed");
            const bool welcome = event.kind == WireEvent::Kind::welcome;
            if (!welcomed_ && !welcome && event.kind != WireEvent::Kind::closed)
                return find("something comes before the welcome");
            if (welcomed_ && welcome) find("a second welcome");
            on(event);
        }
    }

private:
    void find(const std::string& what) {
        oracle_.find("wire of " + client_.name + " (" + (wire_.websocket ? "websocket" : "sse") + ", session asked '" +
                     wire_.session_asked + "', cursor asked " + show(wire_.cursor_asked) + "): " + what);
    }

    void on(const WireEvent& e) {
        held_up_ = e.held_up;
        switch (e.kind) {
            case WireEvent::Kind::welcome:
                welcome(e);
                break;
            case WireEvent::Kind::entry:
                entry(e);
                break;
            case WireEvent::Kind::gap:
                gap(e);
                break;
            case WireEvent::Kind::promoted:
                promoted(e);
                break;
            case WireEvent::Kind::heartbeat:
                heartbeat(e);
                break;
            case WireEvent::Kind::reply:
                if (e.at.epoch == epoch_ && e.at.seq > e.head_at_write)
                    find("a reply names " + show(e.at) + ", which was not committed when it was written");
                break;
            case WireEvent::Kind::draining:
                check_id(e, position_);
                break;
            case WireEvent::Kind::closed:
                closed_ = true;
                if (welcomed_) check_id(e, position_);
                break;
            case WireEvent::Kind::unknown:
                find("a message of an unknown type");
                break;
        }
    }

    void welcome(const WireEvent& e) {
        welcomed_ = true;
        caught_up_to_ = e.head_at_write;
        epoch_ = e.epoch;
        standby_ = e.standby;
        position_ = e.at;
        session_ = oracle_.owed_.session(e.session);
        if (session_ == nullptr) return find("welcomed to session " + e.session + ", which was never opened");
        if (session_->player != client_.player) find("welcomed to the session of player " + session_->player);
        if (standby_ && !wire_.standby_asked) find("made a standby unasked");
        if (standby_ && client_.anonymous) find("made a standby without a client_id");
        if (e.at.epoch == epoch_ && e.at.seq > e.head_at_write && e.at != wire_.cursor_asked)
            find("welcomed at " + show(e.at) + ", above the head " + std::to_string(e.head_at_write));
        if (!standby_ && wire_.cursor_asked && e.at != *wire_.cursor_asked) find("welcomed at " + show(e.at));
        if (!standby_ && wire_.cursor_asked && !e.recovered) find("welcomed without `recovered`");
        awaiting_gap_ = wire_.cursor_asked && e.recovered == false;
        if (!awaiting_gap_ && e.at.epoch != epoch_ && !standby_)
            find("welcomed at a foreign " + show(e.at) + " as recovered");
        if (e.recovered == true && e.at.seq < session_->opened) find("recovered from before its session's opening");
        check_id(e, e.at);
    }

    void entry(const WireEvent& e) {
        if (standby_) find("an entry " + show(e.at) + " on a standby wire");
        if (awaiting_gap_) find("an entry " + show(e.at) + " before the gap");
        if (e.at.epoch != epoch_) return find("an entry " + show(e.at) + " of another epoch");
        if (e.at.seq > e.head_at_write) find(show(e.at) + " was written before it was committed");
        if (e.at.seq <= position_.seq) find(show(e.at) + " comes after " + show(position_));
        if (session_ != nullptr && !session_->owes(e.at.seq)) find(show(e.at) + " is not owed to " + session_->id);
        pass(e.at.seq, "before " + show(e.at));
        position_ = e.at;
        check_id(e, e.at);
    }

    void heartbeat(const WireEvent& e) {
        check_id(e, e.at);
        if (awaiting_gap_) {
            if (e.at != position_) find("a heartbeat at " + show(e.at) + " before the gap");
            return;
        }
        if (e.at.epoch != epoch_) return standby_ ? void() : find("a heartbeat of another epoch, " + show(e.at));
        // A wire that another one was promoted over says what its client acknowledged.
        const bool acknowledged = e.applied && e.applied->epoch == epoch_ && e.at.seq <= e.applied->seq;
        if (standby_ || (wire_.standby_asked && acknowledged)) {
            if (standby_ && e.applied && !acknowledged && e.applied->epoch == epoch_)
                find("a standby's heartbeat at " + show(e.at) + " above what was applied, " + show(e.applied));
            return;
        }
        if (e.at.seq < position_.seq) return find("a heartbeat at " + show(e.at) + " after " + show(position_));
        pass(e.at.seq + 1, "at the heartbeat " + show(e.at));
        position_ = e.at;
    }

    void gap(const WireEvent& e) {
        const auto& gap = *e.gap;
        const std::string what = "the gap (" + show(gap.after) + ", " + show(gap.before) + ") " + gap.reason;
        if (standby_) find(what + " on a standby wire");
        if (gap.before.epoch != epoch_) return find(what + " ends in another epoch");
        if (gap.before.seq > e.head_at_write + 1)
            find(what + " ends beyond the head " + std::to_string(e.head_at_write));
        if (!gap.after) {
            const bool foreign = wire_.cursor_asked && wire_.cursor_asked->epoch != epoch_;
            if (!awaiting_gap_ || (!foreign && !client_.bad_cursor))
                find(what + " has no reason to be without a start");
            if (gap.lost || gap.at_most) find(what + " has numbers");
        } else {
            with_start(e, gap, what);
        }
        awaiting_gap_ = false;
        position_ = Position{epoch_, gap.before.seq - 1};
        check_id(e, position_);
    }

    void with_start(const WireEvent& e, const GapSeen& gap, const std::string& what) {
        if (gap.after->epoch != epoch_ || gap.after->seq < position_.seq) return find(what + " at " + show(position_));
        if (gap.before.seq <= gap.after->seq + 1) find(what + " is empty");
        pass(gap.after->seq + 1, "before " + what);
        if (gap.at_most != gap.before.seq - gap.after->seq - 1) find(what + " has a wrong at_most");
        if (gap.reason != "session_expired" && e.first_retained > 0 && gap.before.seq > e.first_retained)
            find(what + " although " + std::to_string(e.first_retained) + " and later are retained");
        if (session_ == nullptr) return;
        const auto owed = session_->between(gap.after->seq, gap.before.seq).size();
        if (gap.lost && *gap.lost != owed)
            find(what + " says lost " + std::to_string(*gap.lost) + " where " + std::to_string(owed) + " were owed");
        const bool forgotten = e.head_at_write > gap.after->seq + oracle_.rules_.position_memory;
        const bool restarted = oracle_.rules_.durable && wire_.life > 1;
        if (!gap.lost && gap.reason != "session_expired" && !forgotten && !restarted) find(what + " has no number");
        if (gap.reason == "session_expired" && gap.after->seq >= session_->opened &&
            wire_.session_asked == session_->id)
            find(what + " of a session that lives");
    }

    void promoted(const WireEvent& e) {
        if (e.at.epoch != epoch_) return find("promoted at " + show(e.at) + " of another epoch");
        // At its session's opening a client may stand with what it applied in an older one.
        const bool at_opening = session_ != nullptr && e.at.seq == session_->opened;
        if (e.applied && e.applied->epoch == epoch_ && e.at.seq > e.applied->seq && !at_opening)
            find("promoted at " + show(e.at) + ", above what the client had applied, " + show(e.applied));
        standby_ = false;
        awaiting_gap_ = false;
        caught_up_to_ = e.head_at_write;
        position_ = e.at;
        check_id(e, e.at);
    }

    // The id of an SSE block is what its stream is complete up to.
    void check_id(const WireEvent& e, const Position& expected) {
        if (wire_.websocket) return;
        if (!e.sse_id) return find("a block without id:");
        const bool exact = e.kind != WireEvent::Kind::draining && e.kind != WireEvent::Kind::closed;
        if (exact && *e.sse_id != expected) find("id: " + show(e.sse_id) + " where the stream is at " + show(expected));
        if (exact || standby_ || wire_.standby_asked || awaiting_gap_ || e.sse_id->epoch != epoch_) return;
        pass(e.sse_id->seq + 1, "at the block " + show(e.sse_id));
    }

    // Who keeps up is brought every entry, whatever its key.
    bool may_be_conflated(std::uint64_t seq) const {
        const bool keeps_up = oracle_.rules_.caught_up_at_once && !held_up_ && seq > caught_up_to_;
        return oracle_.rules_.conflate && !keeps_up && oracle_.owed_.has_newer_of_its_key(*session_, seq);
    }

    void pass(std::uint64_t before, const std::string& when) {
        if (session_ == nullptr || position_.epoch != epoch_) return;
        for (const auto seq : session_->between(position_.seq, before)) {
            if (may_be_conflated(seq)) continue;
            find(epoch_ + "-" + std::to_string(seq) + " is missing " + when + " (at " + show(position_) + ")");
        }
    }

    Oracle& oracle_;
    const ClientTranscript& client_;
    const WireTranscript& wire_;
    const SessionFacts* session_ = nullptr;
    std::string epoch_;
    Position position_;               // everything owed up to here came on this wire, or was told
    std::uint64_t caught_up_to_ = 0;  // what came later came as it became visible, unless the wire was held up
    bool held_up_ = false;
    bool welcomed_ = false;
    bool standby_ = false;
    bool awaiting_gap_ = false;
    bool closed_ = false;
};

void Oracle::check_wire(const ClientTranscript& client, const WireTranscript& wire) {
    WireCheck(*this, client, wire).run();
}

}  // namespace mythos::sim
