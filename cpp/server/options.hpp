// The one table of options: parsing, `--help` and docs/reference/config.md come from it.
//
// A new option is a member of Config and a row here. Immutable; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/option.hpp"

namespace mythos::server {

// In the order of the reference page; the options of one table (`session.`) stand together.
std::span<const Option> all_options();

const Option* find_option(std::string_view name);

// `session` of `session.grace_s`; empty for `listen`.
std::string_view table_of(std::string_view name);

// The option that somebody meant who wrote `name`, which is none: a slip of a few letters, or the right key in the
// wrong table. Empty if there is nothing near.
std::string_view nearest_option(std::string_view name);

}  // namespace mythos::server
