#include "report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

static double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

Measurement measure(int rounds, const std::function<double()> &arrow, const std::function<double()> &ours) {
    std::vector<double> arrow_seconds, our_seconds, ratios;
    for (int round = 0; round < rounds; round++) {
        if (round % 2 == 0) {
            arrow_seconds.push_back(arrow());
            our_seconds.push_back(ours());
        } else {
            our_seconds.push_back(ours());
            arrow_seconds.push_back(arrow());
        }
        ratios.push_back(arrow_seconds.back() / our_seconds.back());
    }
    auto [lowest, highest] = std::minmax_element(ratios.begin(), ratios.end());
    return {median(arrow_seconds), median(our_seconds), median(ratios), *lowest, *highest};
}

void Report::print_heading() const {
    std::printf("%-46s %12s %12s %7s %15s  %s\n", "", "Arrow", "libarrowio", "ratio", "min .. max", "goal");
}

void Report::print(const std::string &name, const Measurement &measured,
                   const std::function<std::string(double)> &show, double goal) {
    std::printf("%-46s %12s %12s %7.2f %6.2f .. %5.2f  ", name.c_str(), show(measured.arrow_seconds).c_str(),
                show(measured.our_seconds).c_str(), measured.ratio, measured.lowest_ratio, measured.highest_ratio);
    if (goal > 0) std::printf(">= %-5g %s", goal, verdict(name, measured.ratio >= goal));
    std::printf("\n");
    std::fflush(stdout);
}

void Report::print(const std::string &name, const std::string &arrow, const std::string &ours,
                   const std::string &ratio, const std::string &goal, bool reached) {
    std::printf("%-46s %12s %12s %7s %15s  %-8s %s\n", name.c_str(), arrow.c_str(), ours.c_str(), ratio.c_str(), "",
                goal.c_str(), verdict(name, reached));
    std::fflush(stdout);
}

const char *Report::verdict(const std::string &name, bool reached) {
    goals_++;
    if (!reached) missed_.push_back(name);
    return reached ? "reached" : "MISSED";
}

void Report::print_summary() const {
    std::printf("\n%zu of %d goals reached", goals_ - missed_.size(), goals_);
    for (size_t i = 0; i < missed_.size(); i++) std::printf("%s %s", i == 0 ? "; missed:" : ",", missed_[i].c_str());
    std::printf("\n");
}

std::string format(const char *pattern, ...) {
    char text[64];
    va_list arguments;
    va_start(arguments, pattern);
    std::vsnprintf(text, sizeof text, pattern, arguments);
    va_end(arguments);
    return text;
}
