#include "transport/trace_context.hpp"

#include <algorithm>

namespace mythos::transport {
namespace {

constexpr std::string_view kForm = "00-00000000000000000000000000000000-0000000000000000-00";

bool is_zero(std::string_view digits) {
    return std::ranges::all_of(digits, [](char c) { return c == '0'; });
}

bool fits(char form, char c) { return form == '-' ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

std::string_view trace_id_of(std::string_view traceparent) {
    const std::string_view known = traceparent.substr(0, kForm.size());
    if (!std::ranges::equal(kForm, known, fits)) return {};
    const std::string_view version = known.substr(0, 2), trace = known.substr(3, 32), parent = known.substr(36, 16);
    if (version == "ff" || is_zero(trace) || is_zero(parent)) return {};
    const std::string_view more = traceparent.substr(kForm.size());
    if (!more.empty() && (version == "00" || more.front() != '-')) return {};
    return trace;
}

std::string_view trace_id_of(const HttpRequest& request) {
    return request.count_header("traceparent") == 1 ? trace_id_of(request.header("traceparent")) : std::string_view{};
}

}  // namespace mythos::transport
