package dev.fid.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.probe.KernelBug.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a kernel's name tells, and what it does not.
class KernelReleaseTest {
    @ParameterizedTest
    @CsvSource({
        "6.18.44, 6, 18, 44, ''",
        "6.18, 6, 18, 0, ''",
        "6.19.0-rc3, 6, 19, 0, ''",
        "6.18.44-fc-v657, 6, 18, 44, a vendor",
        "5.15.0-91-generic, 5, 15, -1, Ubuntu",
        "6.8.0-1021-aws, 6, 8, -1, Ubuntu",
        "6.1.0-18-amd64, 6, 1, -1, Debian",
        "6.12.43+deb13-amd64, 6, 12, 43, Debian",
        "5.14.0-427.13.1.el9_4.x86_64, 5, 14, -1, Red Hat",
        "4.18.0-553.el8.x86_64, 4, 18, -1, Red Hat",
        "5.10.205-195.807.amzn2.x86_64, 5, 10, 205, Amazon",
        "6.4.0-150600.21-default, 6, 4, -1, SUSE",
        "6.6.87.2-microsoft-standard-WSL2, 6, 6, 87, Microsoft WSL",
        "5.15.0-300.163.18.el9uek.x86_64, 5, 15, -1, *",
        "2.6.32-754.el6.x86_64, 2, 6, 32, Red Hat",
        "nonsense, 0, 0, -1, ''",
        "'', 0, 0, -1, ''",
        "99999999999999.1.2, 0, 1, 2, ''",
    })
    void aReleaseIsReadAsFarAsItTells(String release, int major, int minor, int patch, String vendor) {
        KernelRelease read = KernelRelease.of(release, null, null);
        assertThat(read.major()).isEqualTo(major);
        assertThat(read.minor()).isEqualTo(minor);
        assertThat(read.patch()).isEqualTo(patch);
        if (!vendor.equals("*")) {
            assertThat(read.vendor()).isEqualTo(vendor);
        }
        assertThat(read.known()).isEqualTo(major > 0);
    }

    @Test
    void debianAndUbuntuNameTheUpstreamVersionElsewhere() {
        String debian = "Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP Debian 6.1.76-1";
        assertThat(KernelRelease.of("6.1.0-18-amd64", debian, null).patch()).isEqualTo(76);
        String ubuntu = "Ubuntu 5.15.0-91.101-generic 5.15.131";
        assertThat(KernelRelease.of("5.15.0-91-generic", "Linux version", ubuntu)
                        .patch())
                .isEqualTo(131);
        // In a container of another kernel the file may be about another version.
        assertThat(KernelRelease.of("6.8.0-31-generic", null, ubuntu).patch()).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({
        "5.7.19, ABSENT",
        "5.8, PRESENT",
        "5.8.1, PRESENT",
        "5.10.101, PRESENT",
        "5.10.102, ABSENT",
        "5.15.24, PRESENT",
        "5.15.25, ABSENT",
        "5.16.10, PRESENT",
        "5.16.11, ABSENT",
        "5.17, ABSENT",
        "6.18.44-fc-v657, ABSENT",
        "5.15.0-20-generic, MAYBE",
        "5.14.0-70.el9.x86_64, MAYBE",
        "4.18.0-553.el8.x86_64, ABSENT",
        "5.10.205-195.807.amzn2.x86_64, ABSENT",
        "5.10.50-44.131.amzn2.x86_64, MAYBE",
        "nonsense, UNKNOWN",
    })
    void dirtyPipeIsWhereItsVersionsAre(String release, Verdict verdict) {
        assertThat(bug("CVE-2022-0847").verdict(KernelRelease.of(release, null, null)))
                .isEqualTo(verdict);
    }

    @ParameterizedTest
    @CsvSource({
        "2.6.16, CVE-2008-0600, ABSENT",
        "2.6.20, CVE-2008-0600, MAYBE", // a fourth number may carry the fix: 2.6.22.18
        "2.6.25, CVE-2008-0600, ABSENT",
        "6.1.1, CVE-2008-0600, ABSENT",
        "2.6.33, commit baff42ab1494, PRESENT",
        "2.6.34, commit baff42ab1494, ABSENT",
        "5.0.21, golang/go#63795, PRESENT",
        "5.1, golang/go#63795, ABSENT",
        "5.2.9, golang/go#44272, ABSENT",
        "5.3, golang/go#44272, PRESENT",
        "5.18.19, golang/go#44272, PRESENT",
        "5.19, golang/go#44272, ABSENT",
        "6.18.44, CVE-2026-31431, UNKNOWN",
    })
    void eachBugHasItsRange(String release, String id, Verdict verdict) {
        assertThat(bug(id).verdict(KernelRelease.of(release, null, null))).isEqualTo(verdict);
    }

    private static KernelBug bug(String id) {
        return KernelBug.KNOWN.stream()
                .filter(bug -> bug.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theCompilersVersionIsNotTheKernels() {
        String version = "Linux version 6.1.0-57-cloud-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian"
                + " 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC"
                + " Debian 6.1.192-3 (2026-11-26)";
        KernelRelease release = KernelRelease.of("6.1.0-57-cloud-amd64", version, null);
        assertThat(release.patch()).isEqualTo(192);
        assertThat(release.vendor()).isEqualTo("Debian");
        // A kernel that has the compiler's numbers takes the last one named.
        assertThat(KernelRelease.of("12.2.0-1-amd64", version.replace("6.1.192-3", "12.2.7-1"), null)
                        .patch())
                .isEqualTo(7);
    }
}
