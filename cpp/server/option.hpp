// One option: its name, where its value lives in a Config, what it may be, and how it is read and written as text.
//
// Errors say what is expected and what was found, without the option's name and place, which the caller puts before
// them; their code is `bad_value`. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "server/config.hpp"

namespace mythos::server {

using TextList = std::vector<std::string>;

// Both ends included.
struct Range {
    double min;
    double max;
};
// Lower-case words; input may be in any case.
struct Choices {
    std::vector<std::string_view> words;
    std::vector<std::pair<std::string_view, std::string_view>> aliases = {};  // other spellings, and their word
};
// For text and each element of a list: `accepts` and, for people, what it accepts.
struct Form {
    bool (*accepts)(std::string_view text);
    std::string_view expected;
    // Of a value that may hold a secret: what may be told of it. Null: all.
    std::string (*shown)(std::string_view text) = nullptr;
};
struct AnyValue {};

struct Option {
    // A reference into a Config; its type is the option's type.
    using Member = std::variant<std::int64_t& (*)(Config&), double& (*)(Config&), bool& (*)(Config&),
                                std::string& (*)(Config&), TextList& (*)(Config&)>;
    using Rule = std::variant<AnyValue, Range, Choices, Form>;

    std::string_view name;  // `session.grace_s`
    Member member;
    Rule rule;
    bool live;                    // takes effect at a reload; otherwise at a restart
    std::string_view guide_name;  // the guide's environment variable, or empty
    std::string_view help;
};

// What can stand in a TOML file for an option. An integer also fits where a number is asked for.
using OptionValue = std::variant<std::int64_t, double, bool, std::string, TextList>;

// Checks `value` against the option's type and rule, then puts it into `config`.
Result<void> assign(const Option& option, Config& config, const OptionValue& value);

// The same from a flag's or an environment variable's text. A list is separated by commas; an empty text is an empty
// list; `true`, `yes`, `on`, `1` and their opposites are booleans.
Result<void> assign_text(const Option& option, Config& config, std::string_view text);

// The value in `config` as text that assign_text() reads back.
std::string text_of(const Option& option, const Config& config);

// Whether the value may hold what must not be told.
bool is_secret(const Option& option);

// The value's text without that.
std::string shown_text_of(const Option& option, const Config& config);

// What the option takes, for people: `1 to 1024`, `displace or refuse`, `true or false`, `HOST:PORT`.
std::string expected_by(const Option& option);

// `MYTHOS_SESSION_GRACE_S`
std::string environment_name(const Option& option);

}  // namespace mythos::server
