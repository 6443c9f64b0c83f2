/* A program that uses two static libraries written in Rust: libarrowio and other.rs. */
#include <arrowio.h>

#include <stdio.h>

int other_catches_panic(void);

int main(void)
{
    printf("%s\n", arrowio_version_string());
    return other_catches_panic() == 1 ? 0 : 1;
}
