//! System calls no instance needs, refused by the kernel: ways to more privilege, or to parts of the kernel
//! that have often been broken. A list of what is refused, not of what is allowed: Node.js and its libraries
//! change, and an instance that dies of an unknown call is no gain.
//!
//! The filter is classic BPF, as bytes for bubblewrap to load (`linux/filter.h`, `linux/seccomp.h`).

const ALLOW: u32 = 0x7fff_0000;
const KILL_PROCESS: u32 = 0x8000_0000;
const ERRNO: u32 = 0x0005_0000;
const EPERM: u32 = ERRNO | 1;
/// "No such call": the C library then takes the older one, whose flags can be looked at.
const ENOSYS: u32 = ERRNO | 38;

/// Load a word, jump if equal, jump if any bit is set, jump if greater or equal, return.
const LD: u16 = 0x20;
const JEQ: u16 = 0x15;
const JSET: u16 = 0x45;
const JGE: u16 = 0x35;
const RET: u16 = 0x06;

/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const FIRST_ARGUMENT: u32 = 16;

/// All `CLONE_NEW…` flags but time's, which `clone` cannot express.
const NAMESPACES: u32 = 0x7e02_0000;

struct Calls {
    architecture: u32,
    clone: u32,
    clone3: u32,
    refused: &'static [u32],
}

/// In both lists: unshare, setns, ptrace, process_vm_readv, process_vm_writev, bpf, perf_event_open, keyctl,
/// add_key, request_key, userfaultfd, io_uring_setup, io_uring_enter, io_uring_register, mount, umount2,
/// pivot_root, chroot, open_by_handle_at, kexec_load, init_module, finit_module, delete_module, swapon,
/// swapoff, reboot, quotactl, acct, open_tree, move_mount, fsopen, fsconfig, fsmount, mount_setattr.
#[cfg(target_arch = "x86_64")]
const CALLS: Option<Calls> = Some(Calls {
    architecture: 0xc000_003e,
    clone: 56,
    clone3: 435,
    refused: &[
        272, 308, 101, 310, 311, 321, 298, 250, 248, 249, 323, 425, 426, 427, 165, 166, 155, 161, 304, 246,
        175, 313, 176, 167, 168, 169, 179, 163, 428, 429, 430, 431, 432, 442,
    ],
});
#[cfg(target_arch = "aarch64")]
const CALLS: Option<Calls> = Some(Calls {
    architecture: 0xc000_00b7,
    clone: 220,
    clone3: 435,
    refused: &[
        97, 268, 117, 270, 271, 280, 241, 219, 217, 218, 282, 425, 426, 427, 40, 39, 41, 51, 265, 104, 105,
        273, 106, 224, 225, 142, 60, 89, 428, 429, 430, 431, 432, 442,
    ],
});
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const CALLS: Option<Calls> = None;

/// The filter, or `None` on a processor whose call numbers are not listed.
pub(super) fn filter() -> Option<Vec<u8>> {
    let calls = CALLS?;
    let mut program = Program::default();
    program.add(LD, 0, 0, ARCHITECTURE);
    program.unless_return(JEQ, calls.architecture, KILL_PROCESS);
    program.add(LD, 0, 0, NUMBER);
    if cfg!(target_arch = "x86_64") {
        // The x32 numbers are a second way to every call.
        program.if_return(JGE, 0x4000_0000, EPERM);
    }
    for number in calls.refused {
        program.if_return(JEQ, *number, EPERM);
    }
    program.if_return(JEQ, calls.clone3, ENOSYS);
    program.unless_return(JEQ, calls.clone, ALLOW);
    program.add(LD, 0, 0, FIRST_ARGUMENT);
    program.if_return(JSET, NAMESPACES, EPERM);
    program.add(RET, 0, 0, ALLOW);
    Some(program.0)
}

#[derive(Default)]
struct Program(Vec<u8>);

impl Program {
    fn add(&mut self, code: u16, if_true: u8, if_false: u8, value: u32) {
        self.0.extend(code.to_ne_bytes());
        self.0.extend([if_true, if_false]);
        self.0.extend(value.to_ne_bytes());
    }

    fn if_return(&mut self, test: u16, value: u32, action: u32) {
        self.add(test, 0, 1, value);
        self.add(RET, 0, 0, action);
    }

    fn unless_return(&mut self, test: u16, value: u32, action: u32) {
        self.add(test, 1, 0, value);
        self.add(RET, 0, 0, action);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_is_whole_instructions_and_ends_by_allowing() {
        let Some(bytes) = filter() else { return };
        assert_eq!(bytes.len() % 8, 0);
        assert!(bytes.len() / 8 < 4096, "the kernel's limit");
        let last = bytes.chunks(8).next_back().unwrap();
        assert_eq!(last[..2], RET.to_ne_bytes());
        assert_eq!(last[4..], ALLOW.to_ne_bytes());
    }
}
