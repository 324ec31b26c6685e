"""The family ``runtime``: the machine, the interpreter, and what the imported libraries say of themselves.

Sizes are in bytes. Nothing that varies from run to run (load, free memory, clock rates) is recorded.
"""

import os
import platform
import re
import sys
from types import ModuleType
from typing import Any, Callable, Dict, List, Optional

from .values import encode, failure

#: Instruction sets that numerical libraries choose their code by (names of the Linux kernel's /proc/cpuinfo).
_INSTRUCTION_SETS = re.compile(r"^(sse4_[12]|avx\w*|fma|f16c|amx_\w+|asimd\w*|sve\w*|bf16|i8mm|neon)$")


def machine() -> Dict[str, Any]:
    """Facts of the interpreter and the machine: standard library only."""
    libc = " ".join(platform.libc_ver()).strip()
    facts: Dict[str, Any] = {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "compiler": platform.python_compiler(),
        "build": sys.version.split("\n")[0],
        "byte_order": sys.byteorder,
        "system": platform.system(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "platform": platform.platform(),
        "distribution": _distribution(),
        "libc": libc or None,
        "cpu": _cpu(),
        "memory": _memory(),
        "driver": _driver(),
        "markers": _markers(),
    }
    return {key: value for key, value in facts.items() if value is not None}


def _first_line(path: str, pattern: str) -> Optional[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            match = re.search(pattern, stream.read(1 << 18), re.M)
    except OSError:
        return None
    return match.group(1).strip() if match else None


def _distribution() -> Optional[str]:
    return _first_line("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)')


def _cpu() -> Dict[str, Any]:
    flags = _first_line("/proc/cpuinfo", r"^(?:flags|Features)\s*:(.*)$") or ""
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "model": _first_line("/proc/cpuinfo", r"^model name\s*:(.*)$") or platform.processor() or None,
        "instruction_sets": sorted(flag for flag in set(flags.split()) if _INSTRUCTION_SETS.match(flag)),
        "cores": os.cpu_count(),
        "usable_cores": len(affinity(0)) if affinity else None,
    }


def _memory() -> Optional[int]:
    kilobytes = _first_line("/proc/meminfo", r"^MemTotal:\s*(\d+) kB")
    return int(kilobytes) * 1024 if kilobytes else None


def _driver() -> Optional[str]:
    return _first_line("/proc/driver/nvidia/version", r"Kernel Module[^\d]*([\d.]+)")


def _markers() -> Dict[str, str]:
    """The values that requirements' markers ask for (PEP 508)."""
    return {
        "os_name": os.name,
        "sys_platform": sys.platform,
        "platform_system": platform.system(),
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "implementation_name": sys.implementation.name,
        "implementation_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "python_full_version": platform.python_version(),
    }


def libraries() -> Dict[str, Any]:
    """Facts of those numerical libraries that importing the API has imported; none is imported for this."""
    facts: Dict[str, Any] = {}
    for name, describe in _DESCRIBERS.items():
        module = sys.modules.get(name)
        if isinstance(module, ModuleType):
            facts[name] = {key: _told(tell, module) for key, tell in describe.items()}
    return facts


def _told(tell: Callable[[Any], Any], module: Any) -> Any:
    try:
        return encode(tell(module))
    except (AttributeError, ImportError):  # other releases tell it in other ways, or not at all
        return None
    except Exception as error:
        return failure(error)


def _numpy_blas(numpy: Any) -> Any:
    try:
        build = numpy.show_config(mode="dicts")["Build Dependencies"]
        return {key: {part: build[key].get(part) for part in ("name", "version")} for key in ("blas", "lapack") if key in build}
    except TypeError:  # before NumPy 1.25
        info = numpy.__config__.get_info("blas_opt_info") or numpy.__config__.get_info("openblas_info")
        return {"blas": {"name": ", ".join(info.get("libraries", []))}}


def _numpy_features(_: Any) -> List[str]:
    core = sys.modules.get("numpy._core._multiarray_umath") or sys.modules["numpy.core._multiarray_umath"]
    return sorted(name for name, there in core.__cpu_features__.items() if there)


def _tensorflow_devices(tensorflow: Any) -> List[Dict[str, Any]]:
    config = tensorflow.config
    lister = getattr(config, "list_physical_devices", None) or config.experimental.list_physical_devices
    details = getattr(config.experimental, "get_device_details", None)  # new in TensorFlow 2.3
    return [
        dict({"type": device.device_type, "name": device.name}, **(details(device) if details else {})) for device in lister()
    ]


def _tensorflow_build(tensorflow: Any) -> Dict[str, Any]:
    build = dict(tensorflow.sysconfig.get_build_info())
    return {key: build[key] for key in sorted(build) if not isinstance(build[key], (bytes, dict))}


def _torch_devices(torch: Any) -> List[Dict[str, Any]]:
    found = [{"type": "CPU", "name": torch.backends.cpu.get_cpu_capability()}]
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return found + [{"type": "GPU", "name": torch.cuda.get_device_name(index)} for index in range(count)]


_DESCRIBERS: Dict[str, Dict[str, Callable[[Any], Any]]] = {
    "numpy": {
        "version": lambda numpy: numpy.__version__,
        "blas": _numpy_blas,
        "cpu_features": _numpy_features,
    },
    "tensorflow": {
        "version": lambda tensorflow: tensorflow.__version__,
        "git": lambda tensorflow: getattr(tensorflow, "version", tensorflow).GIT_VERSION,
        "compiler": lambda tensorflow: getattr(tensorflow, "version", tensorflow).COMPILER_VERSION,
        "abi": lambda tensorflow: tensorflow.sysconfig.CXX11_ABI_FLAG,
        "build": _tensorflow_build,
        "cuda": lambda tensorflow: tensorflow.test.is_built_with_cuda(),
        "xla": lambda tensorflow: tensorflow.test.is_built_with_xla(),
        "devices": _tensorflow_devices,
    },
    "jax": {
        "version": lambda jax: jax.__version__,
        "jaxlib": lambda jax: sys.modules["jaxlib"].__version__,
        "devices": lambda jax: [{"type": device.platform, "name": device.device_kind} for device in jax.devices()],
    },
    "torch": {
        "version": lambda torch: torch.__version__,
        "cuda": lambda torch: torch.version.cuda,
        "cudnn": lambda torch: torch.backends.cudnn.version(),
        "mkldnn": lambda torch: torch.backends.mkldnn.is_available(),
        "devices": _torch_devices,
    },
    "theano": {
        "version": lambda theano: theano.__version__,
        "device": lambda theano: theano.config.device,
    },
    "cntk": {
        "version": lambda cntk: cntk.__version__,
        "devices": lambda cntk: [str(device) for device in cntk.device.all_devices()],
    },
    "openvino": {
        "version": lambda openvino: openvino.__version__,
        "devices": lambda openvino: [
            {"type": name, "name": openvino.Core().get_property(name, "FULL_DEVICE_NAME")}
            for name in openvino.Core().available_devices
        ],
    },
}
