// Lines from standard input, read on the loop: how a script that runs two load generators at
// once tells each what the other is doing. The input must be a pipe or a terminal.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "load/event_loop.hpp"

namespace mythos::bench {

class InputLines final : public Pollable {
public:
    // `on_line` gets each line without its end, and "stop" when the input ends.
    InputLines(EventLoop& loop, std::function<void(std::string_view)> on_line);
    ~InputLines() override;
    InputLines(const InputLines&) = delete;
    InputLines& operator=(const InputLines&) = delete;

    void on_ready(std::uint32_t events) override;

private:
    EventLoop& loop_;
    std::function<void(std::string_view)> on_line_;
    std::string partial_;
    bool ended_ = false;
};

// One line on standard output, at once.
void say(std::string_view line);

}  // namespace mythos::bench
