// `GET /monitoring/connections`, a page of the connections that are here, and `GET /monitoring/connections/{id}`, one
// with its last events, also after it has ended.
//
// The loops tell of their connections by themselves, a bounded piece a turn; what they told is sorted and written on
// the monitor's thread, which does not wait for them. Thread-safety: one thread, the monitor's, but for what loops
// call.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "hub/node.hpp"
#include "monitor/answers.hpp"

namespace mythos::monitor {

class ConnectionPages {
public:
    // Of questions to the loops at once; each holds some 100 bytes a connection until it is answered.
    static constexpr std::size_t kAskedMax = 4;
    // A loop that has not answered by then hangs.
    static constexpr Duration kAnsweredWithin = seconds(5);

    // Runs a task on the monitor's thread, soon; may be called from any.
    using RunLater = std::function<void(std::function<void()>)>;

    // `node` and `clock` outlive it, and it the answers.
    ConnectionPages(hub::Node& node, const Clock& clock, RunLater run_later);

    void register_at(Answers& answers);
    // Gives up on loops that do not answer: `overloaded`.
    void tick(MonoTime now);

private:
    struct Gathering;
    struct Page;

    void page(const MonitorRequest& request, Answers::Answer answer);
    void one(const MonitorRequest& request, Answers::Answer answer);
    void ask(hub::Inquiry inquiry, Answers::Answer answer,
             std::function<MonitorAnswer(std::vector<hub::ConnectionFacts>)> render);
    MonitorAnswer page_answer(const Page& page, std::vector<hub::ConnectionFacts> found);
    MonitorAnswer one_answer(const std::string& connection_id, const std::vector<hub::ConnectionFacts>& found);

    hub::Node& node_;
    const Clock& clock_;
    RunLater run_later_;
    std::vector<std::shared_ptr<Gathering>> asked_;
};

}  // namespace mythos::monitor
