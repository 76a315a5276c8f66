"""What type checkers see of the names that ``__init__.py`` imports when first asked for."""

from typing import Final

from netopt.analysis.compare import Comparison as Comparison
from netopt.analysis.compare import compare as compare
from netopt.analysis.explain import Explanation as Explanation
from netopt.analysis.explain import explain as explain
from netopt.backends.profiles import solve_options as solve_options
from netopt.data.greenfield import as_greenfield as as_greenfield
from netopt.data.instance import Instance as Instance
from netopt.data.read import make_instance as make_instance
from netopt.data.read import read_instance as read_instance
from netopt.data.read import validate_folder as validate_folder
from netopt.data.scenarios import with_scenario as with_scenario
from netopt.data.volumes import with_volume as with_volume
from netopt.data.write import write_instance as write_instance
from netopt.errors import CheckError as CheckError
from netopt.errors import InfeasibleError as InfeasibleError
from netopt.errors import InstanceError as InstanceError
from netopt.errors import NetoptError as NetoptError
from netopt.errors import NoSolutionError as NoSolutionError
from netopt.errors import PolicyError as PolicyError
from netopt.errors import UsageError as UsageError
from netopt.maps.geodataframes import to_geopandas as to_geopandas
from netopt.maps.picture import plot as plot
from netopt.pipeline import solve as solve
from netopt.policy.base import Policy as Policy
from netopt.policy.read import extend_policy as extend_policy
from netopt.policy.read import make_lever as make_lever
from netopt.policy.read import make_policy as make_policy
from netopt.policy.read import policy_names as policy_names
from netopt.policy.read import read_policy as read_policy
from netopt.solution.check import check as check
from netopt.solution.load import load as load
from netopt.solution.options import SolveOptions as SolveOptions
from netopt.solution.solution import Solution as Solution
from netopt.solution.store import Run as Run
from netopt.solution.store import read_run as read_run
from netopt.solution.store import write_run as write_run

__version__: Final[str]
__all__: list[str]
