// The oracle on what the application was given: each owed entry once, in order, or the
// exact range of what it was not given.
#include <algorithm>

#include "sim/oracle.hpp"

namespace mythos::sim {

// One client's stream, followed event by event. Its position says: everything owed up to
// here was given or told.
class StreamCheck {
public:
    StreamCheck(Oracle& oracle, const ClientTranscript& client) : oracle_(oracle), client_(client) {}

    void run() {
        for (const auto& event : client_.events) std::visit([this](const auto& e) { on(e); }, event);
        at_the_end();
        conflated_have_newer();
    }

private:
    void find(const std::string& what) { oracle_.find("client " + client_.name + ": " + what); }

    void on(const Joined& joined) {
        const auto* facts = oracle_.owed_.session(joined.session);
        if (facts == nullptr) return find("was told the session " + joined.session + ", which was never opened");
        if (facts->player != client_.player) find("joined the session of player " + facts->player);
        if (facts->epoch != joined.epoch) find("joined " + joined.session + " in the wrong epoch " + joined.epoch);
        if (std::find(sessions_.begin(), sessions_.end(), facts) == sessions_.end()) sessions_.push_back(facts);
    }

    void on(const Began& began) { position_ = began.at; }
    void on(const Ended& ended) { displaced_ = ended.reason == "displaced"; }

    void on(const Applied& applied) {
        ++oracle_.applied_;
        const auto& at = applied.at;
        if (!position_) return find("was given " + show(at) + " before its stream began");
        if (at.epoch != position_->epoch) {
            find("was given " + show(at) + " at " + show(position_) + " without being told of the new epoch");
        } else if (at.seq <= position_->seq) {
            return find("was given " + show(at) + " again or late, after " + show(position_));
        } else {
            pass(position_->seq, at.seq, "when it was given " + show(at));
        }
        bool owed = false;
        for (const auto* s : sessions_) owed |= s->epoch == at.epoch && s->owes(at.seq);
        if (!owed) find("was given " + show(at) + ", which it was not owed");
        given_.push_back(at);
        position_ = at;
    }

    void on(const ToldGap& told) {
        ++oracle_.gaps_;
        const auto& gap = told.gap;
        const std::string what = "the gap (" + show(gap.after) + ", " + show(gap.before) + ") " + gap.reason;
        if (told.other_wire_covers && !client_.bad_cursor)
            find("was told " + what + ", which another wire still covered");
        if (!gap.after) return without_start(gap, what);
        if (!position_ || gap.after->epoch != position_->epoch || gap.before.epoch != gap.after->epoch)
            return find("was told " + what + " at " + show(position_));
        if (gap.after->seq < position_->seq) find("was told " + what + " at " + show(position_) + ", which overlaps");
        if (gap.before.seq <= gap.after->seq + 1) find("was told the empty gap " + what);
        pass(position_->seq, gap.after->seq + 1, "before " + what);
        if (gap.at_most != gap.before.seq - gap.after->seq - 1) find("was told a wrong at_most in " + what);
        check_lost(gap, what);
        told_.push_back(gap);
        position_ = Position{gap.before.epoch, gap.before.seq - 1};
    }

    void without_start(const GapSeen& gap, const std::string& what) {
        const bool other_epoch = !position_ || position_->epoch != gap.before.epoch;
        if (!other_epoch && !client_.bad_cursor)
            find("was told " + what + " at " + show(position_) + " of the same epoch");
        if (gap.lost || gap.at_most) find("was told numbers in " + what);
        if (oracle_.owed_.head(gap.before.epoch) + 1 < gap.before.seq) find("was told " + what + ", beyond the head");
        position_ = Position{gap.before.epoch, gap.before.seq - 1};
    }

    void check_lost(const GapSeen& gap, const std::string& what) {
        std::uint64_t owed = 0;
        for (const auto* s : sessions_)
            if (s->epoch == gap.before.epoch) owed += s->between(gap.after->seq, gap.before.seq).size();
        if (gap.lost) {
            if (*gap.lost != owed)
                find("was told lost " + std::to_string(*gap.lost) + " in " + what + " where " + std::to_string(owed) +
                     " were owed");
            return;
        }
        // Unknown only where the server said so, or where the client told a part of what the server had counted.
        for (const auto& wire : client_.wires)
            for (const auto& e : wire.events)
                if (e.gap && e.gap->before == gap.before && (!e.gap->lost || e.gap->after != gap.after)) return;
        find("was told no number in " + what);
    }

    // Nothing owed above `after` and below `before` may be passed over in silence.
    void pass(std::uint64_t after, std::uint64_t before, const std::string& when) {
        for (const auto* s : sessions_) {
            if (s->epoch != position_->epoch) continue;
            for (const auto seq : s->between(after, before)) {
                if (oracle_.rules_.conflate && oracle_.owed_.has_newer_of_its_key(*s, seq)) {
                    conflated_.push_back({s, seq});
                    continue;
                }
                find("was not given " + s->epoch + "-" + std::to_string(seq) + ", owed by " + s->id + ", " + when +
                     " (at " + show(position_) + ")");
            }
        }
    }

    void at_the_end() {
        if (client_.has_room && (client_.barred || displaced_) && !may_be_barred())
            find("was told to stay away, though its player has room");
        if (client_.ended) return;
        if (!client_.connected) {
            if (!client_.barred && !client_.shut_out) find("is not connected at the end");
            return;
        }
        if (!position_ || !client_.applied) return find("is connected, and its stream never began");
        if (client_.applied->epoch != position_->epoch) return find("is in the wrong epoch at the end");
        settled_ = true;
        pass(position_->seq, oracle_.owed_.head(position_->epoch) + 1, "until the end");
    }

    // A 204 does not say why, so a replaced session looks the same on SSE.
    bool may_be_barred() const {
        return std::any_of(sessions_.begin(), sessions_.end(),
                           [](const auto* s) { return s->end_reason == "replaced"; });
    }

    // A skipped entry's newer one came, or was told as missing.
    void conflated_have_newer() {
        if (!settled_) return;
        for (const auto& [session, seq] : conflated_) {
            if (session->epoch != position_->epoch) continue;  // the rest of that epoch was told as lost
            bool came = false;
            for (const auto newer : oracle_.owed_.newer_of_its_key(*session, seq)) {
                came |= std::find(given_.begin(), given_.end(), Position{session->epoch, newer}) != given_.end();
                for (const auto& gap : told_)
                    came |= gap.before.epoch == session->epoch && gap.after->seq < newer && newer < gap.before.seq;
                if (came) break;
            }
            if (!came)
                find("was not given " + session->epoch + "-" + std::to_string(seq) + " nor any newer one of its key");
        }
    }

    Oracle& oracle_;
    const ClientTranscript& client_;
    std::optional<Position> position_;
    std::vector<const SessionFacts*> sessions_;  // in the order of joining
    std::vector<Position> given_;
    std::vector<GapSeen> told_;
    std::vector<std::pair<const SessionFacts*, std::uint64_t>> conflated_;
    bool settled_ = false;
    bool displaced_ = false;
};

void Oracle::check_stream(const ClientTranscript& client) { StreamCheck(*this, client).run(); }

}  // namespace mythos::sim
