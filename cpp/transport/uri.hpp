// Paths and queries of a request target: splitting and percent-decoding (RFC 3986 2.1). Stateless; any thread.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mythos::transport {

// `+` becomes a space only where `plus_is_space` says so (queries). Nothing on a broken escape or a NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

// A whole number that fills the text; nothing else, and nothing that `N` cannot hold.
template <std::unsigned_integral N>
std::optional<N> number_in(std::string_view text) {
    N number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// A query's parameters by name; the first of a name counts.
class QueryParameters {
public:
    // Nothing where an escape is broken.
    static std::optional<QueryParameters> parse(std::string_view query);

    // Nothing where the parameter is absent; it may be there and empty.
    std::optional<std::string_view> get(std::string_view name) const;
    std::string text(std::string_view name) const { return std::string(get(name).value_or("")); }

private:
    std::vector<std::pair<std::string, std::string>> pairs_;
};

// The segments of a path that begins with '/', undecoded: `/a/b` gives a, b; `/` gives one empty segment.
std::vector<std::string_view> path_segments(std::string_view path);

}  // namespace mythos::transport
