// Rounds, medians, and the table they are printed in.
#pragma once

#include <functional>
#include <string>
#include <vector>

// What the rounds of a row gave. A ratio is time(Arrow) / time(ours) within one round.
struct Measurement {
    double arrow_seconds;
    double our_seconds;
    double ratio;
    double lowest_ratio;
    double highest_ratio;
};

// Times both sides once a round, one right after the other, and lets them take turns in going first.
Measurement measure(int rounds, const std::function<double()> &arrow, const std::function<double()> &ours);

class Report {
public:
    Report(std::string filter, int rounds) : filter_(std::move(filter)), rounds_(rounds) {}

    bool wants(const std::string &name) const { return name.find(filter_) != std::string::npos; }
    int rounds() const { return rounds_; }

    void print_heading() const;
    // `show` turns the seconds of a side into what its column says; a goal of 0 is none.
    void print(const std::string &name, const Measurement &measured, const std::function<std::string(double)> &show,
               double goal);
    // A row that is not about time.
    void print(const std::string &name, const std::string &arrow, const std::string &ours, const std::string &ratio,
               const std::string &goal, bool reached);
    void print_summary() const;

private:
    const char *verdict(const std::string &name, bool reached);

    std::string filter_;
    int rounds_;
    int goals_ = 0;
    std::vector<std::string> missed_;
};

// printf into a string.
std::string format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
