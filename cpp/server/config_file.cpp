#include "server/config_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include "server/options.hpp"

namespace mythos::server {
namespace {

class TomlReader {
public:
    TomlReader(const std::string& path, Config& config, Complaints& complaints, Places& places)
        : path_(path), config_(config), complaints_(complaints), places_(places) {}

    void read(const toml::table& table, const std::string& prefix) {
        for (const auto& [key, node] : table) {
            const std::string name = prefix + std::string(key.str());
            if (const Option* option = find_option(name)) {
                read_option(*option, node);
            } else if (const toml::table* inner = node.as_table(); inner && is_table(name)) {
                read(*inner, name + ".");
            } else if (inner && !inner->empty()) {
                // An unknown table: each of its keys may be right, under another table's name.
                for (const auto& [inner_key, value] : *inner) {
                    complain(value, unknown_option(name + "." + std::string(inner_key.str())));
                }
            } else {
                complain(node, unknown_option(name));
            }
        }
    }

private:
    static bool is_table(std::string_view name) {
        const auto holds = [&](const Option& option) { return table_of(option.name) == name; };
        return std::ranges::any_of(all_options(), holds);
    }

    void read_option(const Option& option, const toml::node& node) {
        const auto value = value_of(node);
        if (!value) {
            complain(node, std::string(option.name) + ": must be " + expected_by(option) + ", not " + kind_of(node));
        } else if (const auto assigned = assign(option, config_, *value); !assigned) {
            complain(node, std::string(option.name) + ": " + assigned.error().message);
        } else {
            places_[std::string(option.name)] = place_of(node);
        }
    }

    static std::optional<OptionValue> value_of(const toml::node& node) {
        if (const auto* v = node.as_integer()) return v->get();
        if (const auto* v = node.as_floating_point()) return v->get();
        if (const auto* v = node.as_boolean()) return v->get();
        if (const auto* v = node.as_string()) return v->get();
        const auto* array = node.as_array();
        if (!array) return std::nullopt;
        TextList list;
        for (const toml::node& element : *array) {
            const auto* text = element.as_string();
            if (!text) return std::nullopt;
            list.push_back(text->get());
        }
        return list;
    }

    static std::string kind_of(const toml::node& node) {
        if (node.is_table()) return "a table";
        return node.is_array() ? "a list of other values than texts" : "a date or a time";
    }

    std::string place_of(const toml::node& node) const {
        return path_ + ":" + std::to_string(node.source().begin.line);
    }

    void complain(const toml::node& node, const std::string& what) {
        complaints_.push_back(place_of(node) + ": " + what);
    }

    const std::string& path_;
    Config& config_;
    Complaints& complaints_;
    Places& places_;
};

}  // namespace

std::string unknown_option(std::string_view name) {
    const std::string_view nearest = nearest_option(name);
    return std::string(name) + ": unknown option; " +
           (nearest.empty() ? "mythosd --help lists all" : "did you mean " + std::string(nearest) + "?");
}

Complaints apply_toml(std::string_view text, const std::string& path, Config& config, Places& places) {
    Complaints complaints;
    try {
        const toml::table table = toml::parse(text);
        TomlReader(path, config, complaints, places).read(table, "");
    } catch (const toml::parse_error& error) {
        complaints.push_back(path + ":" + std::to_string(error.source().begin.line) +
                             ": not valid TOML: " + std::string(error.description()));
    }
    return complaints;
}

Complaints apply_file(const std::string& path, Config& config, Places& places) {
    std::ifstream file(path, std::ios::binary);
    // A directory can be opened; only reading it fails.
    file.peek();
    if (!file.is_open() || file.bad()) {
        return {path + ": cannot be read: " + std::generic_category().message(errno) + "; check --config"};
    }
    file.clear();
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return apply_toml(text, path, config, places);
}

}  // namespace mythos::server
