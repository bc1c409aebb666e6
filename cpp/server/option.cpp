#include "server/option.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace mythos::server {
namespace {

template <class T>
using MemberOf = T& (*)(Config&);

template <class T>
bool holds(const Option& option) {
    return std::holds_alternative<MemberOf<T>>(option.member);
}

template <class T>
T& reference(const Option& option, Config& config) {
    return std::get<MemberOf<T>>(option.member)(config);
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
    return out;
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

template <class Number>
std::string number_text(Number value) {
    char digits[32];
    return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

std::string bound_text(double bound) {
    return bound == std::floor(bound) ? number_text(static_cast<std::int64_t>(bound)) : number_text(bound);
}

std::string joined(std::span<const std::string_view> words, std::string_view separator, std::string_view last) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) out += i + 1 == words.size() ? last : separator;
        out += words[i];
    }
    return out;
}

Error refused(const Option& option, std::string_view found) {
    const std::string not_this = is_secret(option) ? "" : ", not " + std::string(found);
    return {"bad_value", "must be " + expected_by(option) + not_this};
}

bool in_range(const Option& option, double value) {
    const auto* range = std::get_if<Range>(&option.rule);
    return std::isfinite(value) && (!range || (value >= range->min && value <= range->max));
}

bool has_form(const Option& option, std::string_view text) {
    const auto* form = std::get_if<Form>(&option.rule);
    return !form || form->accepts(text);
}

template <class Number>
Result<void> assign_number(const Option& option, Config& config, Number value) {
    if (!in_range(option, static_cast<double>(value))) return refused(option, number_text(value));
    reference<Number>(option, config) = value;
    return {};
}

Result<void> assign_string(const Option& option, Config& config, const std::string& value) {
    if (const auto* choices = std::get_if<Choices>(&option.rule)) {
        std::string word = lower(value);
        for (const auto& [other, meant] : choices->aliases) {
            if (word == other) word = meant;
        }
        if (std::ranges::find(choices->words, word) == choices->words.end()) {
            return refused(option, '"' + value + '"');
        }
        reference<std::string>(option, config) = word;
        return {};
    }
    if (!has_form(option, value)) return refused(option, '"' + value + '"');
    reference<std::string>(option, config) = value;
    return {};
}

Result<void> assign_list(const Option& option, Config& config, const TextList& value) {
    for (const std::string& element : value) {
        if (!has_form(option, element)) return refused(option, '"' + element + '"');
    }
    reference<TextList>(option, config) = value;
    return {};
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<bool> parse_bool(std::string_view text) {
    const std::string word = lower(text);
    if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
    if (word == "false" || word == "no" || word == "off" || word == "0") return false;
    return std::nullopt;
}

TextList parse_list(std::string_view text) {
    TextList out;
    while (!trimmed(text).empty()) {
        const auto comma = std::min(text.find(','), text.size());
        if (const auto element = trimmed(text.substr(0, comma)); !element.empty()) out.emplace_back(element);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return out;
}

std::optional<OptionValue> parse(const Option& option, std::string_view text) {
    if (holds<TextList>(option)) return parse_list(text);
    if (holds<std::string>(option)) return std::string(text);
    if (holds<bool>(option)) return parse_bool(text);
    if (holds<double>(option)) return parse_number<double>(text);
    return parse_number<std::int64_t>(text);
}

std::string found_text(const OptionValue& value) {
    constexpr std::array<std::string_view, 5> kinds{"an integer", "a number", "a boolean", "a text", "a list"};
    return std::string(kinds[value.index()]);
}

}  // namespace

bool is_secret(const Option& option) {
    const auto* form = std::get_if<Form>(&option.rule);
    return form != nullptr && form->shown != nullptr;
}

Result<void> assign(const Option& option, Config& config, const OptionValue& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        if (holds<std::int64_t>(option)) return assign_number(option, config, *integer);
        if (holds<double>(option)) return assign_number(option, config, static_cast<double>(*integer));
    }
    if (const auto* number = std::get_if<double>(&value); number && holds<double>(option)) {
        return assign_number(option, config, *number);
    }
    if (const auto* text = std::get_if<std::string>(&value); text && holds<std::string>(option)) {
        return assign_string(option, config, *text);
    }
    if (const auto* list = std::get_if<TextList>(&value); list && holds<TextList>(option)) {
        return assign_list(option, config, *list);
    }
    if (const auto* flag = std::get_if<bool>(&value); flag && holds<bool>(option)) {
        reference<bool>(option, config) = *flag;
        return {};
    }
    return refused(option, found_text(value));
}

Result<void> assign_text(const Option& option, Config& config, std::string_view text) {
    const auto value = parse(option, trimmed(text));
    if (!value) return refused(option, '"' + std::string(text) + '"');
    return assign(option, config, *value);
}

std::string text_of(const Option& option, const Config& config) {
    // The accessors give references for writing; this one only reads a copy.
    Config copy = config;
    if (holds<std::int64_t>(option)) return number_text(reference<std::int64_t>(option, copy));
    if (holds<double>(option)) return number_text(reference<double>(option, copy));
    if (holds<bool>(option)) return reference<bool>(option, copy) ? "true" : "false";
    if (holds<std::string>(option)) return reference<std::string>(option, copy);
    const TextList& list = reference<TextList>(option, copy);
    const std::vector<std::string_view> words(list.begin(), list.end());
    return joined(words, ",", ",");
}

std::string shown_text_of(const Option& option, const Config& config) {
    const std::string text = text_of(option, config);
    return is_secret(option) ? std::get<Form>(option.rule).shown(text) : text;
}

std::string expected_by(const Option& option) {
    if (const auto* choices = std::get_if<Choices>(&option.rule)) return joined(choices->words, ", ", " or ");
    if (const auto* form = std::get_if<Form>(&option.rule)) {
        return holds<TextList>(option) ? "a list of " + std::string(form->expected) : std::string(form->expected);
    }
    if (const auto* range = std::get_if<Range>(&option.rule)) {
        return (holds<double>(option) ? "a number from " : "an integer from ") + bound_text(range->min) + " to " +
               bound_text(range->max);
    }
    return holds<bool>(option) ? "true or false" : "a text";
}

std::string environment_name(const Option& option) {
    std::string out = "MYTHOS_";
    for (const char c : option.name)
        out += c == '.' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    return out;
}

}  // namespace mythos::server
