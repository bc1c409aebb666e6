#include "load/input_lines.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <utility>

namespace mythos::bench {

InputLines::InputLines(EventLoop& loop, std::function<void(std::string_view)> on_line)
    : loop_(loop), on_line_(std::move(on_line)) {
    loop_.add(STDIN_FILENO, *this, EPOLLIN);
}

InputLines::~InputLines() {
    if (!ended_) loop_.remove(STDIN_FILENO);
}

void InputLines::on_ready(std::uint32_t /*events*/) {
    std::array<char, 4096> bytes;
    const ssize_t size = read(STDIN_FILENO, bytes.data(), bytes.size());
    if (size <= 0) {
        loop_.remove(STDIN_FILENO);
        ended_ = true;
        return on_line_("stop");
    }
    partial_.append(bytes.data(), static_cast<std::size_t>(size));
    for (std::size_t end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n')) {
        const std::string line = partial_.substr(0, end);
        partial_.erase(0, end + 1);
        on_line_(line);
    }
}

void say(std::string_view line) { std::cout << line << std::endl; }

}  // namespace mythos::bench
