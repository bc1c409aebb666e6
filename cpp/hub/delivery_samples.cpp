#include "hub/delivery_samples.hpp"

namespace mythos::hub {

std::string_view type_of_message(std::string_view json) {
    constexpr std::string_view kMember = R"("type":")";
    const auto at = json.find(kMember);
    if (at == json.npos) return {};
    const std::string_view text = json.substr(at + kMember.size());
    std::size_t end = 0;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    return text.substr(0, end);
}

void DeliverySamples::note(ConnectionKey key, Seq seq, std::string_view json, std::size_t bytes, Duration took,
                           MonoTime now) {
    if (now - second_began_ >= seconds(1)) {
        second_began_ = now;
        this_second_ = 0;
    }
    if (++this_second_ > kSampledLinesASecond) return counters_.add(stats::Counter::log_samples_left_out);
    Sample& sample = noted_.emplace_back();
    sample.key = key;
    sample.seq = seq;
    sample.report.message_type = type_of_message(json);
    sample.report.message_bytes = bytes;
    sample.report.took = took;
    sample.report.sample_rate = sampler_.rate();
}

}  // namespace mythos::hub
