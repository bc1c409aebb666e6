// What a request's Accept and Accept-Encoding prefer (RFC 9110 12.4.2, 12.5). Pure; any thread.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

namespace mythos::transport {

// The weight that such a list gives the most specific of `names` that it has, which stand in this order; nothing where
// it has none. Names in any case; 1 where no weight is said.
std::optional<double> weight_in(std::string_view list, std::initializer_list<std::string_view> names);

// Whether an Accept-Encoding allows gzip.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace mythos::transport
