// The thread that watches the node: ticks its statistics once a second, and renders what is asked of them, off the
// loops.
//
// Thread-safety: any thread. Destroy it before what its answers refer to.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "monitor/answers.hpp"
#include "monitor/connection_pages.hpp"
#include "monitor/history.hpp"
#include "monitor/metrics.hpp"
#include "monitor/stream_events.hpp"

namespace mythos::monitor {

class Monitor {
public:
    // Questions that may wait; Prometheus and a dashboard ask every few seconds, so more are an attack or a mistake.
    static constexpr std::size_t kWaitingMax = 16;
    // Probes that may wait, in a queue of their own, which goes first.
    static constexpr std::size_t kProbesMax = 64;

    // What is referred to outlives it, that of `request_times` too.
    Monitor(hub::Node& node, const Clock& clock, const Transitions& transitions,
            std::vector<const transport::RequestTimes*> request_times = {});
    ~Monitor();
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;

    // Where views register; before `start`.
    Answers& answers() { return answers_; }
    // Who is told an event each second; before `start`.
    void set_listeners(Listeners listeners) { listeners_ = std::move(listeners); }
    // Where metrics of other parts of the server register; before `start`.
    Metrics& metrics() { return metrics_; }
    // From now on it ticks and answers; call once.
    void start();

    using Answer = Answers::Answer;
    // `answer` is called once, on this thread, unless it ends before. False: too many wait.
    bool ask(MonitorRequest request, Answer answer);
    // Runs a task on this thread, soon. For who has asked somebody else, and so bounds how many there are.
    void run_later(std::function<void()> task);

    // What metrics tell, as of now. Waits for this thread: not from it, nor from a loop.
    std::vector<prometheus::MetricFamily> collect();

    const Statistics& statistics() const { return statistics_; }
    // How often the process is looked at, from now on.
    void set_sample_interval(Duration interval) { statistics_.set_sample_interval(interval); }

private:
    struct Question {
        MonitorRequest request;
        Answer answer;
    };

    void run();
    void run_tasks(std::unique_lock<std::mutex>& lock);
    void answer_probes(std::unique_lock<std::mutex>& lock);
    void answer_all(std::unique_lock<std::mutex>& lock);
    void tick(MonoTime now);
    void tell_listeners();

    const Clock& clock_;
    Statistics statistics_;
    Metrics metrics_;
    Answers answers_;
    ConnectionPages pages_;
    StreamEvents events_;
    History history_;
    Listeners listeners_;
    std::mutex mutex_;
    std::condition_variable asked_;
    std::deque<Question> probes_, waiting_;    // guarded by mutex_
    std::deque<std::function<void()>> tasks_;  // guarded by mutex_
    bool ends_ = false;                        // guarded by mutex_
    std::thread thread_;
};

}  // namespace mythos::monitor
