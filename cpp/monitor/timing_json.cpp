#include "monitor/timing_json.hpp"

namespace mythos::monitor {

namespace {

double in_ms(double ns) { return ns / 1e6; }

}  // namespace

Json timing_json(const stats::Distribution& times) {
    const auto all = times.summary();
    return {{"count", all.count},       {"rate_per_second", all.rate}, {"avg_ms", in_ms(all.mean)},
            {"max_ms", in_ms(all.max)}, {"p50_ms", in_ms(all.p50)},    {"p90_ms", in_ms(all.p90)},
            {"p95_ms", in_ms(all.p95)}, {"p99_ms", in_ms(all.p99)},    {"p99_9_ms", in_ms(all.p99_9)}};
}

void put_timing(Json& out, const std::string& name, const stats::Distribution& times) {
    const auto all = times.summary();
    const auto put = [&](const char* what, double ns) { out[what + name + "_ms"] = in_ms(ns); };
    put("avg_", all.mean);
    put("max_", all.max);
    put("p50_", all.p50);
    put("p90_", all.p90);
    put("p95_", all.p95);
    put("p99_", all.p99);
    put("p99_9_", all.p99_9);
}

std::string print(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace mythos::monitor
