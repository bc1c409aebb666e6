#include "server/command_line.hpp"

#include <CLI/CLI.hpp>
#include <vector>

#include "server/config_file.hpp"
#include "server/error_page.hpp"
#include "server/options.hpp"
#include "server/reference_page.hpp"

namespace mythos::server {
namespace {

using Given = std::map<std::string, std::vector<std::string>>;

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) out.append(out.empty() ? "" : ",").append(text);
    return out;
}

bool is_list(const Option& option) { return std::holds_alternative<TextList& (*)(Config&)>(option.member); }

void add_options(CLI::App& app, Given& given) {
    for (const Option& option : all_options()) {
        const std::string_view table = table_of(option.name);
        const std::string value = text_of(option, Config{});
        std::string help(option.help);
        help += " [" + expected_by(option) + (value.empty() ? "" : "; default " + value);
        help += (option.guide_name.empty() ? "" : "; also " + std::string(option.guide_name)) + "]";
        CLI::Option* flag = app.add_option("--" + std::string(option.name), given[std::string(option.name)], help);
        flag->type_name("")->expected(1)->allow_extra_args(false);  // else a flag takes what stands after its value
        flag->group(table.empty() ? "Options" : "[" + std::string(table) + "]");
        flag->multi_option_policy(is_list(option) ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
    }
}

Error unexpected(const std::string& argument) {
    if (!argument.starts_with("--")) {
        return {"bad_arguments", "unexpected argument " + argument + "; mythosd --help shows what there is"};
    }
    const std::string name = argument.substr(2, argument.find('=') - 2);
    return {"bad_arguments", "--" + unknown_option(name)};
}

}  // namespace

Result<CommandLine> parse_command_line(std::span<const std::string> arguments) {
    CLI::App app("Keeps every player on a WebSocket and a Server-Sent Events stream at once.", "mythosd");
    app.footer(
        "Every option can also stand in the TOML file, and in the environment as MYTHOS_ and its name in capitals\n"
        "with _ for the dot (MYTHOS_SESSION_GRACE_S). A flag wins over the environment, that over the file.");
    app.get_formatter()->column_width(36);
    app.allow_extras();
    app.set_version_flag("--version", "mythosd " MYTHOS_VERSION);
    CommandLine out;
    bool reference = false, errors = false;
    app.add_option("--config", out.config_file, "TOML file; mythos.toml is read if it is there")->type_name("FILE");
    app.add_option("--port-file", out.port_file, "Write the listener's port into this file")->type_name("FILE");
    app.add_flag("--reference", reference, "Print the reference page of all options");
    app.add_flag("--reference-errors", errors, "Print the reference page of all errors");
    Given given;
    add_options(app, given);
    try {
        // CLI11 takes a vector from its end.
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        out.print = app.help();
        return out;
    } catch (const CLI::CallForVersion& version) {
        out.print = version.what() + std::string("\n");
        return out;
    } catch (const CLI::ParseError& error) { return Error{"bad_arguments", error.what()}; }
    if (const auto extras = app.remaining(); !extras.empty()) return unexpected(extras.front());
    if (reference) out.print = reference_page();
    if (errors) out.print = error_page();
    for (auto& [name, texts] : given) {
        if (!texts.empty()) out.options.emplace(name, joined(texts));
    }
    return out;
}

}  // namespace mythos::server
