#include "load/report.hpp"

#include <cmath>

#include "load/process_usage.hpp"

namespace mythos::bench {

double rounded(double value, int digits) {
    const double scale = std::pow(10.0, digits);
    return std::round(value * scale) / scale;
}

Report latency_report(const Histogram& histogram) {
    const auto us = [](double ns) { return rounded(ns / 1e3, 1); };
    const auto quantile = [&](double q) { return us(static_cast<double>(histogram.quantile_ns(q))); };
    return {{"count", histogram.count()},
            {"mean_us", us(histogram.mean_ns())},
            {"p50_us", quantile(0.5)},
            {"p90_us", quantile(0.9)},
            {"p99_us", quantile(0.99)},
            {"p999_us", quantile(0.999)},
            {"max_us", us(static_cast<double>(histogram.max_ns()))}};
}

Report account_report(const Fleet& fleet) {
    return {{"ok", fleet.lost() + fleet.repeated() + fleet.id_disorder() + fleet.gaps() == 0},
            {"lost", fleet.lost()},
            {"repeated", fleet.repeated()},
            {"id_disorder", fleet.id_disorder()},
            {"gaps", fleet.gaps()}};
}

std::string as_table(const Report& report) {
    const Report flat = report.flatten();
    std::size_t width = 0;
    for (const auto& item : flat.items()) width = std::max(width, item.key().size());
    std::string table;
    for (const auto& [key, value] : flat.items()) {
        table += "  " + key.substr(1) + std::string(width + 1 - key.size(), ' ');
        table += (value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
    }
    return table;
}

Stopwatch::Stopwatch(const Target& target)
    : target_(target), before_(cpu_us_each(target.pids)), own_cpu_us_(own_cpu_us()), began_ns_(now_ns()) {}

void Stopwatch::stop() {
    ended_ns_ = now_ns();
    used_ = cpu_us_each(target_.pids);
    for (std::size_t i = 0; i < used_.size(); ++i) used_[i] -= before_[i];
    own_cpu_us_ = bench::own_cpu_us() - own_cpu_us_;
}

double Stopwatch::cpu_us() const { return sum(used_); }
double Stopwatch::wall_us() const { return static_cast<double>(ended_ns_ - began_ns_) / 1e3; }

Report Stopwatch::report() const {
    Report each = Report::array();
    for (std::size_t i = 0; i < used_.size(); ++i)
        each.push_back({{"pid", target_.pids[i]}, {"cpu_us", rounded(used_[i], 0)}});
    return {{"wall_s", rounded(wall_us() / 1e6)},
            {"server_cpu_share", rounded(cpu_us() / wall_us())},
            {"load_cpu_share", rounded(own_cpu_us_ / wall_us())},
            {"processes", each}};
}

}  // namespace mythos::bench
