#include "bindings/server_core.hpp"

#include <pybind11/stl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/limits.hpp"
#include "bindings/answer_values.hpp"
#include "bindings/command_object.hpp"
#include "bindings/core_error.hpp"
#include "bindings/option_values.hpp"
#include "bindings/server_running.hpp"
#include "bindings/shared_sink.hpp"
#include "protocol/envelope.hpp"
#include "protocol/json_text.hpp"
#include "server/load_config.hpp"
#include "server/reload.hpp"
#include "server/settings.hpp"

namespace mythos::bindings {

namespace {

py::list change_list(const std::vector<server::OptionChange>& changes) {
    py::list list;
    for (const auto& change : changes) list.append(py::make_tuple(change.name, change.from, change.to));
    return list;
}

std::vector<std::string> ids_of(const std::string& epoch, const std::vector<Seq>& seqs) {
    std::vector<std::string> ids;
    ids.reserve(seqs.size());
    for (const Seq seq : seqs) ids.push_back(format_cursor(epoch, seq));
    return ids;
}

// A program's limits are its own to raise.
std::uint64_t descriptor_limit() {
    rlimit limit{};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1'024;
}

}  // namespace

Result<void> ServerCore::Running::start() {
    descriptors = descriptor_limit();
    note_limits();
    if (auto exposure = server::check_exposure(config); !exposure) return exposure;
    const observe::LogSettings settings = embedded_log_settings(config);
    auto sink = shared_sink(settings);
    if (!sink) return sink.error();
    logging = std::make_unique<observe::Logging>(std::move(*sink), settings.level, settings.format, clock);
    server::ServerSettings wanted = server::settings_from(config, descriptors);
    // Nobody expects a program that has a server in it to write a file that it was not told of.
    if (config.store.url == "auto") wanted.store.url = {};
    auto started = server::Server::start(wanted, clock, *logging);
    if (!started) return started.error();
    server = std::move(*started);
    return {};
}

ServerCore::ServerCore(const py::dict& options) {
    auto running = std::make_shared<Running>();
    running->config = checked_config(options);
    calls_ready_ = transport::Socket(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!calls_ready_.is_open()) raise_core_error({"listen_failed", "The system has no descriptor left."});
    Result<void> started;
    {
        const Unlocked unlocked;
        started = running->start();
        if (started) {
            const int descriptor = calls_ready_.descriptor();
            running->application().handlers().on_calls([descriptor] { eventfd_write(descriptor, 1); });
        }
    }
    raise_if_failed(started);
    port_ = running->server->port();
    monitor_port_ = running->server->monitor_port();
    running_ = std::move(running);
}

// Nothing that it waits for waits for the GIL.
ServerCore::~ServerCore() { end(take_running()); }

std::shared_ptr<ServerCore::Running> ServerCore::running() const {
    const std::lock_guard lock(mutex_);
    if (!running_) raise_core_error({"stopped", "The server is stopped."});
    return running_;
}

py::dict ServerCore::options() const {
    return option_values(unlocked([](Running& server) {
        const std::lock_guard lock(server.mutex);
        return server.config;
    }));
}

py::tuple ServerCore::reload(const py::dict& options) {
    const server::Config wanted = checked_config(options);
    const server::Reload plan = unlocked([&](Running& server) {
        const std::lock_guard lock(server.mutex);
        server::Reload planned = server::plan_reload(server.config, wanted);
        server.config = planned.effective;
        server.note_limits();
        server.server->reload(server::settings_from(server.config, server.descriptors));
        const observe::LogSettings log = server::log_settings(server.config);
        server.logging->set_level(log.level);
        server.logging->sink().set_rotation(log.rotation);
        return planned;
    });
    return py::make_tuple(change_list(plan.live), change_list(plan.waits_for_restart));
}

void ServerCore::reopen_log() {
    unlocked([](Running& server) {
        server.logging->sink().reopen();
        return true;
    });
}

std::vector<std::string> ServerCore::publish(std::string_view body) {
    return value_or_raise(unlocked([&](Running& server) -> Result<std::vector<std::string>> {
        auto parsed = protocol::parse_publish_body(body, std::numeric_limits<std::size_t>::max());
        if (!parsed) return parsed.error();
        hub::Application application = server.application();
        const std::size_t bytes_max = server.message_bytes_max.load(std::memory_order_relaxed);
        for (const auto& message : parsed->messages)
            if (message.data.size() > bytes_max) return Error{"too_big", "a message is larger than limits.body_bytes"};
        auto seqs = application.publish(std::move(parsed->messages));
        if (!seqs) return seqs.error();
        return ids_of(application.epoch(), *seqs);
    }));
}

std::size_t ServerCore::disconnect(const std::string& player_id, const std::string& session_id,
                                   const std::string& connection_id, std::uint16_t code, const std::string& reason) {
    const hub::Hub::DisconnectWho who{player_id, session_id, connection_id, static_cast<protocol::CloseCode>(code),
                                      reason};
    return unlocked([&](Running& server) { return server.application().disconnect(who); });
}

std::pair<std::string, std::size_t> ServerCore::replace_session(const std::string& player_id) {
    auto made =
        value_or_raise(unlocked([&](Running& server) { return server.application().replace_session(player_id); }));
    return {std::move(made.session_id), made.disconnected};
}

void ServerCore::subscribe(const std::string& player_id, const std::vector<std::string>& channels, bool presence) {
    raise_if_failed(
        unlocked([&](Running& server) { return server.application().subscribe(player_id, channels, presence); }));
}

void ServerCore::unsubscribe(const std::string& player_id, const std::vector<std::string>& channels) {
    raise_if_failed(unlocked([&](Running& server) { return server.application().unsubscribe(player_id, channels); }));
}

py::bytes ServerCore::connections(const std::string& player_id) const {
    return unlocked([&](Running& server) { return server.application().connections_json(player_id); });
}

py::bytes ServerCore::all_connections() const {
    return unlocked([](Running& server) { return server.application().all_connections_json(); });
}

py::bytes ServerCore::channels() const {
    return unlocked([](Running& server) { return server.application().channels_json(); });
}

py::bytes ServerCore::presence(const std::string& channel) const {
    return unlocked([&](Running& server) { return server.application().presence_json(channel); });
}

std::size_t ServerCore::session_count() const {
    return unlocked([](Running& server) { return server.application().sessions(); });
}

std::size_t ServerCore::connection_count() const {
    return unlocked([](Running& server) { return server.application().connections(); });
}

void ServerCore::set_types(std::vector<std::string> types) {
    unlocked([&](Running& server) {
        server.application().handlers().set_types(std::move(types));
        return true;
    });
}

void ServerCore::set_questions(std::vector<std::string> questions) {
    unlocked([&](Running& server) {
        server.application().handlers().set_questions(std::move(questions));
        return true;
    });
}

py::list ServerCore::take_calls(std::size_t max) {
    auto calls = unlocked([&](Running& server) {
        eventfd_t ignored = 0;
        eventfd_read(calls_ready_.descriptor(), &ignored);
        return server.application().handlers().take(max);
    });
    py::list commands(calls.size());
    for (std::size_t i = 0; i < calls.size(); ++i) commands[i] = command_object(std::move(calls[i]));
    return commands;
}

void ServerCore::answer_calls(const py::list& answers) {
    const std::size_t bytes_max = running()->message_bytes_max.load(std::memory_order_relaxed);
    std::vector<hub::HandlerAnswer> read;
    read.reserve(answers.size());
    const auto texts = std::make_shared<std::string>();
    for (std::size_t i = 0; i < answers.size(); ++i)
        read.push_back(answer_of(PyList_GET_ITEM(answers.ptr(), i), bytes_max, texts));
    unlocked([&](Running& server) {
        server.application().handlers().answer(std::move(read));
        return true;
    });
}

void ServerCore::close_calls() {
    unlocked([](Running& server) {
        server.application().handlers().close({"draining", "the server is shutting down; send it again elsewhere"});
        return true;
    });
}

void ServerCore::drain(std::int64_t spread_ms, const std::string& reason) {
    unlocked([&](Running& server) {
        const std::lock_guard lock(server.mutex);
        server.server->drain(milliseconds(spread_ms), reason);
        return true;
    });
}

bool ServerCore::is_drained() const {
    return unlocked([](Running& server) { return server.server->is_drained(); });
}

std::shared_ptr<ServerCore::Running> ServerCore::take_running() {
    const std::lock_guard lock(mutex_);
    return std::move(running_);
}

void ServerCore::end(std::shared_ptr<Running> running) {
    if (running) running->application().handlers().on_calls([] {});
}

void ServerCore::stop() {
    auto running = take_running();
    const Unlocked released;
    end(std::move(running));
}

void ServerCore::abandon() {
    const std::lock_guard lock(mutex_);
    // Threads that are not there cannot be joined, and their locks may be held for ever.
    new std::shared_ptr<Running>(std::move(running_));
    calls_ready_.close();
    for (const int port : {port_, monitor_port_})
        if (port != 0) transport::close_inherited(static_cast<std::uint16_t>(port));
}

}  // namespace mythos::bindings
