// An XDP program that lets every packet of a veth pass, until the end of our stdin. With one in place the kernel copies
// each packet into pages of its own, as a network card does; without it, a veth hands over the sender's large segments,
// which flatters splice as loopback does. Source: drivers/net/veth.c of Linux 6.18, veth_convert_skb_to_xdp_buff.
//
//     pass DEVICE
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
    // r0 = XDP_PASS; exit
    struct bpf_insn program[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
                                 {.code = BPF_JMP | BPF_EXIT}};
    union bpf_attr load = {.prog_type = BPF_PROG_TYPE_XDP,
                           .insns = (uintptr_t)program,
                           .insn_cnt = 2,
                           .license = (uintptr_t)"GPL",
                           .prog_flags = 1 << 5}; // BPF_F_XDP_HAS_FRAGS: packets above a page, for MTU 9000
    union bpf_attr attach;
    int fd, device = argc == 2 ? (int)if_nametoindex(argv[1]) : 0;
    if (device == 0) {
        fprintf(stderr, "usage: pass DEVICE\n");
        return 2;
    }
    fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
    if (fd < 0) {
        perror("bpf, BPF_PROG_LOAD");
        return 1;
    }
    memset(&attach, 0, sizeof attach);
    attach.link_create.prog_fd = fd;
    attach.link_create.target_ifindex = device;
    attach.link_create.attach_type = BPF_XDP;
    attach.link_create.flags = 1 << 2; // XDP_FLAGS_DRV_MODE
    if (syscall(SYS_bpf, BPF_LINK_CREATE, &attach, sizeof attach) < 0) {
        perror("bpf, BPF_LINK_CREATE");
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    while (getchar() != EOF) {}
    return 0;
}
