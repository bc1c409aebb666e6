#include "store/store.hpp"

#include "store/worker.hpp"

namespace mythos::store {

namespace {

constexpr Duration kLastWait = milliseconds(500);  // for a statement that was cut off to come back

}  // namespace

std::string_view name_of(StoreStatus status) {
    constexpr std::array<std::string_view, 3> kNames{"healthy", "degraded", "unhealthy"};
    return kNames[static_cast<std::size_t>(status)];
}

Result<std::unique_ptr<Store>> Store::start(const StoreSettings& settings, observe::Log& log,
                                            observe::ErrorTracker& errors) {
    std::unique_ptr<Store> store(new Store(std::make_shared<Worker>(settings, log, errors)));
    if (store->worker_->await_first(settings.start_bound) == Fault::schema_newer)
        return Error{"schema_newer",
                     "the tables in " + settings.url.shown +
                         " are of a newer version of this server: start that one, or name another database"};
    return store;
}

Store::Store(std::shared_ptr<Worker> worker)
    : worker_(std::move(worker)), thread_([worker = worker_] { worker->run(); }) {}

Store::~Store() { stop(); }

EventQueue& Store::events() { return worker_->events; }
StoreProbe Store::probe() const { return worker_->probe(); }
bool Store::flush(Duration at_most) { return worker_->events.await_settled(at_most); }
const StoreUrl& Store::url() const { return worker_->settings.url; }

void Store::stop() {
    if (!thread_.joinable()) return;
    worker_->end();
    if (!worker_->await_end(worker_->settings.stop_bound)) worker_->interrupt();
    if (worker_->await_end(kLastWait)) return thread_.join();
    // In a call of the driver that nothing can end, such as the look-up of a host's name.
    worker_->abandon();
    thread_.detach();
}

}  // namespace mythos::store
