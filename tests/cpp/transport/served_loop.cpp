#include "transport/served_loop.hpp"

namespace mythos::transport {
namespace {

std::unique_ptr<observe::Logging> quiet_log(const Clock& clock) {
    observe::LogSettings settings;
    settings.level = observe::Level::critical;
    auto opened = observe::Logging::open(settings, clock);
    return std::move(opened.value());
}

}  // namespace

ServedLoop::ServedLoop(HubLoopSettings settings, hub::Settings hub, const Clock* clock, AskMonitor monitor)
    : clock_(clock != nullptr ? *clock : system_clock_),
      logging_(quiet_log(clock_)),
      journal_("test00", journal::Retention{}) {
    node_ = std::make_unique<hub::Node>(journal_, clock_, hub, 1);
    loop_ = std::make_unique<HubLoop>(*node_, 0, clock_, settings, authenticate_none(), logging_->named("test"));
    loop_->set_monitor(std::move(monitor));
    node_->start();
    auto listener = listen_tcp({});
    port_ = local_port(listener.value());
    (void)loop_->listen(std::move(listener.value()));
    auto monitor_listener = listen_tcp({});
    monitor_port_ = local_port(monitor_listener.value());
    (void)loop_->listen_monitoring(std::move(monitor_listener.value()));
    thread_ = std::thread([this] { loop_->run(); });
}

ServedLoop::~ServedLoop() {
    loop_->stop();
    thread_.join();
}

}  // namespace mythos::transport
