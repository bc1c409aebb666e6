#include "protocol/promotion.hpp"

#include "protocol/earliest.hpp"
#include "protocol/json_text.hpp"

namespace mythos::protocol {

std::string promote_text(std::string_view connection_id, const Cursor& cursor) {
    std::string text = R"({"type":"promote","data":{"connection_id":)";
    append_json_string(text, connection_id);
    return text + R"(,"cursor":")" + format_cursor(cursor) + R"("}})";
}

std::optional<Wire> promotion_wanted(const std::array<WireView, 2>& wires) {
    bool carried = false;
    bool carried_in_doubt = false;
    for (Wire wire : kClientWires) {
        const WireView& w = wires[index_of(wire)];
        if (w.live && w.overflowed) return wire;
        if (w.live && w.carries) (w.healthy ? carried : carried_in_doubt) = true;
    }
    if (carried) return std::nullopt;
    std::optional<Wire> best;
    for (Wire wire : kClientWires) {
        const WireView& w = wires[index_of(wire)];
        if (!w.live || w.carries) continue;
        if (w.healthy) return wire;
        if (!carried_in_doubt && !best) best = wire;
    }
    return best;
}

Promotion::Decision Promotion::decide(MonoTime now, const std::array<WireView, 2>& wires) {
    const auto wanted = promotion_wanted(wires);
    for (Wire wire : kClientWires) {
        if (!wanted || *wanted != wire) reset(wire);
    }
    if (!wanted || config_.faults.no_promote) return {};
    const Request& r = request(*wanted);
    if (r.sent && now < *r.sent + config_.promote_retry) return {*wanted, Step::wait};
    return {*wanted, r.tries >= config_.promote_attempts_max ? Step::give_up : Step::ask};
}

void Promotion::asked(Wire wire, MonoTime now) {
    request(wire).sent = now;
    ++request(wire).tries;
}

std::optional<MonoTime> Promotion::deadline() const {
    Earliest earliest;
    for (const Request& r : requests_) {
        if (r.sent) earliest.consider(*r.sent + config_.promote_retry);
    }
    return earliest.value();
}

}  // namespace mythos::protocol
