// What a row of a codec is called and how it is timed.
#include "codecs.h"

static const char *name_of(Content content) {
    return content == Content::text ? "text" : content == Content::numbers ? "numbers" : "noise";
}

std::string Work::name(const char *verb) const {
    std::string all = codec;
    if (level != 0) all += " " + std::to_string(level);
    all += std::string(" ") + verb + " " + name_of(content);
    if (frame_size != 0) all += ", many frames";
    if (threads != 0) all += ", " + std::to_string(threads) + " threads";
    return all;
}

Operation operation(const Work &work, const char *verb, WorkFunction arrow, WorkFunction ours, double goal) {
    Operation made = {work.name(verb), [=](Run &run) { arrow(work, run); }, [=](Run &run) { ours(work, run); }, goal,
                      work.size, 1};
    if (work.threads > 0) made.clock = CLOCK_MONOTONIC;
    made.round_share = 3;
    return made;
}
