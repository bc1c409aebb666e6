#include "server/reload.hpp"

#include "server/options.hpp"

namespace mythos::server {
namespace {

void copy_value(const Option& option, Config from, Config& to) {
    std::visit([&](auto member) { member(to) = member(from); }, option.member);
}

}  // namespace

Reload plan_reload(const Config& running, const Config& wanted) {
    Reload reload{running, {}, {}};
    for (const Option& option : all_options()) {
        OptionChange change{std::string(option.name), text_of(option, running), text_of(option, wanted)};
        if (change.from == change.to) continue;
        change.from = shown_text_of(option, running);
        change.to = shown_text_of(option, wanted);
        if (option.live) copy_value(option, wanted, reload.effective);
        (option.live ? reload.live : reload.waits_for_restart).push_back(std::move(change));
    }
    return reload;
}

}  // namespace mythos::server
