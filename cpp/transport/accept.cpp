#include "transport/accept.hpp"

#include <algorithm>
#include <charconv>

#include "transport/http_message.hpp"

namespace mythos::transport {

namespace {

std::string_view trimmed(std::string_view text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

// What stands before the next `separator`, which goes from `rest` with it.
std::string_view take(std::string_view& rest, char separator) {
    const std::size_t at = std::min(rest.find(separator), rest.size());
    const std::string_view head = trimmed(rest.substr(0, at));
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return head;
}

}  // namespace

std::optional<double> weight_in(std::string_view list, std::initializer_list<std::string_view> names) {
    std::optional<double> found;
    std::size_t best = names.size();
    while (!list.empty()) {
        std::string_view element = take(list, ',');
        const std::string_view name = take(element, ';');
        double q = 1;
        while (!element.empty()) {
            const std::string_view parameter = take(element, ';');
            if (equals_in_any_case(parameter.substr(0, 2), "q="))
                std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), q);
        }
        const auto at = static_cast<std::size_t>(
            std::ranges::find_if(names, [&](std::string_view n) { return equals_in_any_case(name, n); }) -
            names.begin());
        if (at >= best && !(at == best && at < names.size() && q > *found)) continue;
        best = at;
        found = q;
    }
    return found;
}

bool accepts_gzip(std::string_view accept_encoding) {
    return weight_in(accept_encoding, {"gzip", "*"}).value_or(0) > 0;
}

}  // namespace mythos::transport
