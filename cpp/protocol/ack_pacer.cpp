#include "protocol/ack_pacer.hpp"

#include "protocol/json_text.hpp"

namespace mythos::protocol {

void AckPacer::applied(MonoTime now, std::uint64_t entries) {
    if (entries == 0) return;
    entries_ += entries;
    if (!since_) since_ = now;
}

bool AckPacer::due(MonoTime now) const {
    if (heartbeat_ || entries_ >= config_.ack_entries) return true;
    return since_ && now >= *since_ + config_.ack_interval;
}

void AckPacer::sent() {
    entries_ = 0;
    since_.reset();
    heartbeat_ = false;
}

std::optional<MonoTime> AckPacer::deadline() const {
    if (!since_) return std::nullopt;
    return *since_ + config_.ack_interval;
}

std::string ack_text(const Cursor& cursor, const AckReport* report) {
    std::string text = R"({"type":"ack","data":{"cursor":")" + format_cursor(cursor) + '"';
    if (report) {
        text += R"(,"alive":[)";
        for (const auto& connection_id : report->alive) {
            if (text.back() != '[') text += ',';
            append_json_string(text, connection_id);
        }
        const MergeCounters& c = *report->counters;
        text += R"(],"stats":{"delivered":)" + std::to_string(c.delivered) + R"(,"duplicates":)" +
                std::to_string(c.duplicates) + R"(,"gaps":)" + std::to_string(c.gaps_told) + R"(,"lost":)" +
                std::to_string(c.lost);
        if (!report->delivery_ms.empty()) text.append(R"(,"delivery_ms":)").append(report->delivery_ms);
        text += '}';
        if (!report->application.empty()) text.append(R"(,"application":)").append(report->application);
    }
    return text + "}}";
}

}  // namespace mythos::protocol
