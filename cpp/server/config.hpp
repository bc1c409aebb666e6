// Every option's value, as the composition root hands it on; the member initialisers are the defaults.
//
// A plain struct, filled and checked by load_config(); what an option means, its bounds and its names stand in the
// table in options.cpp. Members are named as the options are. One that is 0 "by the machine" is worked out by whoever
// knows the machine. Not synchronised: it is copied, not shared.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mythos::server {

struct Config {
    std::string listen = "127.0.0.1:8000";
    std::int64_t heartbeat_ms = 15'000;
    double heartbeat_jitter = 0.1;

    struct Server {
        std::int64_t loops = 0;
        friend bool operator==(const Server&, const Server&) = default;
    } server;

    struct Limits {
        std::int64_t connections = 0;
        std::int64_t connections_per_player = 4;
        std::string limit_policy = "displace";
        std::int64_t sessions = 1'000'000;
        std::int64_t channels_per_session = 1'024;
        std::int64_t commands_outstanding = 128;
        std::int64_t commands_handled = 16'384;
        std::int64_t requests = 0;
        std::int64_t window_s = 60;
        std::int64_t batch_messages = 10'000;
        std::int64_t message_bytes = 65'536;
        std::int64_t body_bytes = 1'048'576;
        std::int64_t header_bytes = 16'384;
        std::int64_t request_timeout_s = 10;
        friend bool operator==(const Limits&, const Limits&) = default;
    } limits;

    struct Session {
        std::int64_t idle_timeout_s = 180;
        std::int64_t grace_s = 30;
        std::string slow_reader = "disconnect";
        std::int64_t sweep_interval_s = 60;
        std::int64_t replaced_ids = 65'536;
        std::int64_t command_outcomes = 256;
        friend bool operator==(const Session&, const Session&) = default;
    } session;

    struct Delivery {
        std::string mode_default = "mirror";
        std::int64_t turn_budget_us = 2'000;
        std::int64_t catch_up_budget_bytes = 262'144;
        friend bool operator==(const Delivery&, const Delivery&) = default;
    } delivery;

    struct Journal {
        std::string kind = "memory";
        std::string path;
        std::int64_t retention_entries = 131'072;
        std::int64_t retention_bytes = 67'108'864;
        std::int64_t retention_s = 300;
        friend bool operator==(const Journal&, const Journal&) = default;
    } journal;

    struct Http {
        std::vector<std::string> origins;
        std::vector<std::string> allowed_hosts;
        std::int64_t keepalive_s = 30;
        friend bool operator==(const Http&, const Http&) = default;
    } http;

    struct Websocket {
        bool deflate = true;
        std::int64_t deflate_min_bytes = 256;
        friend bool operator==(const Websocket&, const Websocket&) = default;
    } websocket;

    struct Drain {
        std::int64_t spread_ms = 5'000;
        std::int64_t timeout_s = 10;
        friend bool operator==(const Drain&, const Drain&) = default;
    } drain;

    struct Log {
        std::string level = "info";
        std::string format = "json";
        std::string file = "auto";
        std::int64_t rotate_bytes = 104'857'600;
        std::int64_t rotate_s = 86'400;
        std::int64_t keep = 14;
        double message_sample = 0;
        friend bool operator==(const Log&, const Log&) = default;
    } log;

    struct Store {
        std::string url = "auto";
        std::string server_id;
        std::int64_t retention_s = 2'592'000;
        std::int64_t queue_events = 65'536;
        friend bool operator==(const Store&, const Store&) = default;
    } store;

    struct Auth {
        std::string mode = "none";
        friend bool operator==(const Auth&, const Auth&) = default;
    } auth;

    struct Players {
        bool may_publish = false;
        friend bool operator==(const Players&, const Players&) = default;
    } players;

    struct Health {
        std::int64_t interval_s = 10;
        friend bool operator==(const Health&, const Health&) = default;
    } health;

    struct Monitor {
        bool enabled = true;
        std::string listen;
        std::int64_t sample_interval_s = 1;
        std::int64_t max_samples = 1'000;
        std::vector<std::string> certificates;
        friend bool operator==(const Monitor&, const Monitor&) = default;
    } monitor;

    // Python's: mythosd evaluates no alerts.
    struct Alerts {
        std::vector<std::string> rules{"auto"};
        double interval_s = 15;
        std::string job = "mythos";
        std::string instance;
        std::string notifications;
        std::vector<std::string> alertmanagers;
        std::vector<std::string> allowed_networks;
        std::string external_url;
        std::string state = "data/alerts.db";
        std::string heartbeat_url;
        std::int64_t heartbeat_s = 60;
        std::string incidents = "data/incidents";
        std::int64_t incidents_max = 20;
        std::string recordings = "data/recordings";
        friend bool operator==(const Alerts&, const Alerts&) = default;
    } alerts;

    friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace mythos::server
